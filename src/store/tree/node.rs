//! The nodes of a tree: descent, insertion with splits, removal with merges.
//!
//! Invariants: an inner node has one child more than separators; every key of a child is at least the separator
//! before it and less than the one behind it; all leaves are at the same depth; no leaf is empty but the root;
//! a node skips at most as many bytes as its bounds have in common.

use arrayvec::ArrayVec;

use super::LeafRef;
use super::leaf::{LEAF_MAX, LEAF_MERGED_MAX, LEAF_SMALL, Leaf};
use super::order::Order;
use crate::store::version::Version;

/// Children of a full inner node: two levels of them reach a million rows.
const CHILDREN_MAX: usize = 128;
const CHILDREN_SMALL: usize = 32;
const CHILDREN_MERGED_MAX: usize = 96;

pub enum Node<O: Order> {
    Inner(Box<Inner<O>>),
    Leaf(LeafRef<O>),
}

impl<O: Order> Node<O> {
    pub fn empty() -> Node<O> {
        Node::Leaf(LeafRef::new(Leaf::default()))
    }
}

pub struct Inner<O: Order> {
    /// Bytes that all keys below begin with, which the separators' inline parts leave out.
    skip: usize,
    separators: ArrayVec<O::Separator, CHILDREN_MAX>,
    children: ArrayVec<Node<O>, CHILDREN_MAX>,
}

/// A leaf and the place of an entry in it.
pub type Place<'t, O> = (&'t LeafRef<O>, usize);

/// What a split puts to the right of a node.
type Right<O> = Option<(<O as Order>::Separator, Node<O>)>;

/// The separators around a node, where there are any.
type Bounds<'n, O> = (Option<<O as Order>::Probe<'n>>, Option<<O as Order>::Probe<'n>>);

/// The bounds of child `i` of a node.
#[inline]
fn bounds_of<'n, 'b: 'n, O: Order>(
    separators: &'n [O::Separator],
    i: usize,
    (low, high): Bounds<'b, O>,
) -> Bounds<'n, O> {
    (
        separators.get(i.wrapping_sub(1)).map(O::of_separator).or(low.map(O::shorten)),
        separators.get(i).map(O::of_separator).or(high.map(O::shorten)),
    )
}

/// Which entry a search upwards is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// The first one behind a key.
    Behind,
    /// The key's or the first one behind it.
    At,
    /// The same for a key of which no entry is a true beginning: it may be found by what lies in the leaf.
    Beginning,
}

impl<O: Order> Node<O> {
    /// The leaf where a key is or would be, and a guess where in it.
    #[inline]
    pub fn leaf(&self, probe: O::Probe<'_>) -> Place<'_, O> {
        let mut node = self;
        let mut guess = 0;
        loop {
            match node {
                Node::Inner(inner) => {
                    let child = inner.child(probe);
                    guess = inner.guess(child, probe).unwrap_or(guess);
                    node = &inner.children[child];
                }
                Node::Leaf(leaf) => return (leaf, guess),
            }
        }
    }

    #[inline]
    pub fn leaf_mut(&mut self, probe: O::Probe<'_>) -> (&mut LeafRef<O>, usize) {
        let mut node = self;
        let mut guess = 0;
        loop {
            match node {
                Node::Inner(inner) => {
                    let child = inner.child(probe);
                    guess = inner.guess(child, probe).unwrap_or(guess);
                    node = &mut inner.children[child];
                }
                Node::Leaf(leaf) => return (leaf, guess),
            }
        }
    }

    pub fn first(&self) -> Option<Place<'_, O>> {
        let mut node = self;
        loop {
            match node {
                Node::Inner(inner) => node = &inner.children[0],
                Node::Leaf(leaf) => return (leaf.len() > 0).then_some((leaf, 0)),
            }
        }
    }

    pub fn last(&self) -> Option<Place<'_, O>> {
        let mut node = self;
        loop {
            match node {
                Node::Inner(inner) => node = &inner.children[inner.children.len() - 1],
                Node::Leaf(leaf) => return leaf.len().checked_sub(1).map(|i| (leaf, i)),
            }
        }
    }

    /// The leaf with the greatest keys.
    pub fn last_leaf_mut(&mut self) -> &mut LeafRef<O> {
        let mut node = self;
        loop {
            match node {
                Node::Inner(inner) => {
                    let last = inner.children.len() - 1;
                    node = &mut inner.children[last];
                }
                Node::Leaf(leaf) => return leaf,
            }
        }
    }

    /// The first entry after a key, or at it.
    #[inline]
    pub fn after(&self, probe: O::Probe<'_>, from: From) -> Option<Place<'_, O>> {
        let mut node = self;
        // The part of the tree right behind the leaf being descended to.
        let mut right = None;
        let mut guess = 0;
        loop {
            match node {
                Node::Inner(inner) => {
                    let child = inner.child(probe);
                    guess = inner.guess(child, probe).unwrap_or(guess);
                    right = inner.children.get(child + 1).or(right);
                    node = &inner.children[child];
                }
                Node::Leaf(leaf) => {
                    let i = leaf.first_from(probe, guess, from);
                    if i < leaf.len() {
                        return Some((leaf, i));
                    }
                    return right?.first();
                }
            }
        }
    }

    /// The last entry before a key, or at it.
    #[inline]
    pub fn before(&self, probe: O::Probe<'_>, or_at: bool) -> Option<Place<'_, O>> {
        let mut node = self;
        let mut left = None;
        let mut guess = 0;
        loop {
            match node {
                Node::Inner(inner) => {
                    let child = inner.child(probe);
                    guess = inner.guess(child, probe).unwrap_or(guess);
                    left = child.checked_sub(1).map(|i| &inner.children[i]).or(left);
                    node = &inner.children[child];
                }
                Node::Leaf(leaf) => {
                    let end = match leaf.search(probe, guess) {
                        Ok(i) if or_at => i + 1,
                        Ok(i) | Err(i) => i,
                    };
                    if let Some(i) = end.checked_sub(1) {
                        return Some((leaf, i));
                    }
                    return left?.last();
                }
            }
        }
    }

    /// Inserts a key that is not there into the root, whose leaf for it is full.
    #[cold]
    pub fn insert_splitting(&mut self, probe: O::Probe<'_>, version: Version) {
        if let Some((separator, right)) = self.insert(probe, version, (None, None)) {
            let left = std::mem::replace(self, Node::empty());
            let mut root = Box::new(Inner::new(0));
            root.separators.push(separator);
            root.children.extend([left, right]);
            *self = Node::Inner(root);
        }
    }

    fn insert(&mut self, probe: O::Probe<'_>, version: Version, bounds: Bounds<'_, O>) -> Right<O> {
        match self {
            Node::Inner(inner) => {
                let child = inner.child(probe);
                let below = bounds_of::<O>(&inner.separators, child, bounds);
                let (separator, right) = inner.children[child].insert(probe, version, below)?;
                let (middle, mut split) = inner.insert_child(child, separator, right)?;
                inner.set_skip(O::skip(bounds.0, Some(O::of_separator(&middle))));
                split.set_skip(O::skip(Some(O::of_separator(&middle)), bounds.1));
                Some((middle, Node::Inner(split)))
            }
            Node::Leaf(leaf) => {
                let i = leaf.search(probe, 0).unwrap_or_else(|i| i);
                let leaf = LeafRef::make_mut(leaf);
                if leaf.len() < LEAF_MAX {
                    leaf.insert(i, probe, version);
                    return None;
                }
                // Keys that come in order, ascending or descending, leave full leaves behind them.
                let at = match i {
                    0 => 0,
                    LEAF_MAX => LEAF_MAX,
                    _ => LEAF_MAX / 2,
                };
                let mut right = leaf.split_off(at);
                if i < at || i == 0 {
                    leaf.insert(i, probe, version);
                } else {
                    right.insert(i - at, probe, version);
                }
                let separator = O::separator(leaf.key(leaf.len() - 1), right.key(0));
                leaf.set_skip(O::skip(bounds.0, Some(O::of_separator(&separator))));
                right.set_skip(O::skip(Some(O::of_separator(&separator)), bounds.1));
                Some((separator, Node::Leaf(LeafRef::new(right))))
            }
        }
    }

    /// Removes a key's entry if its newest version is wanted. The root's shape is left to [`Node::collapse`].
    pub fn remove(
        &mut self,
        probe: O::Probe<'_>,
        wanted: &impl Fn(&Version) -> bool,
        bounds: Bounds<'_, O>,
    ) -> Option<Version> {
        match self {
            Node::Inner(inner) => {
                let child = inner.child(probe);
                let below = bounds_of::<O>(&inner.separators, child, bounds);
                let removed = inner.children[child].remove(probe, wanted, below)?;
                inner.tidy(child, bounds);
                Some(removed)
            }
            Node::Leaf(leaf) => {
                let i = leaf.search(probe, 0).ok()?;
                if wanted(leaf.entries()[i].version()) { LeafRef::make_mut(leaf).remove(i) } else { None }
            }
        }
    }

    /// Fits the skips to bounds that have moved outward.
    fn widen(&mut self, bounds: Bounds<'_, O>) {
        let skip = O::skip(bounds.0, bounds.1);
        match self {
            Node::Inner(inner) => {
                if skip < inner.skip {
                    inner.set_skip(skip);
                }
                let last = inner.children.len() - 1;
                for edge in [0, last] {
                    inner.children[edge].widen(bounds_of::<O>(&inner.separators, edge, bounds));
                }
            }
            Node::Leaf(leaf) if skip < leaf.skip() => LeafRef::make_mut(leaf).set_skip(skip),
            Node::Leaf(_) => {}
        }
    }

    /// Takes away roots that have one child or none.
    pub fn collapse(&mut self) {
        while let Node::Inner(inner) = self {
            match inner.children.len() {
                0 => *self = Node::empty(),
                1 => {
                    if let Some(only) = inner.children.pop() {
                        *self = only;
                    }
                }
                _ => return,
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Node::Inner(inner) => inner.children.len(),
            Node::Leaf(leaf) => leaf.len(),
        }
    }

    fn is_small(&self) -> bool {
        match self {
            Node::Inner(inner) => inner.children.len() < CHILDREN_SMALL,
            Node::Leaf(leaf) => leaf.len() < LEAF_SMALL,
        }
    }

    fn fits_with(&self, right: &Node<O>) -> bool {
        let max = match self {
            Node::Inner(_) => CHILDREN_MERGED_MAX,
            Node::Leaf(_) => LEAF_MERGED_MAX,
        };
        self.len() + right.len() <= max
    }

    /// Calls `f` with every leaf, in order.
    pub fn each_leaf(&self, f: &mut impl FnMut(&Leaf<O>)) {
        match self {
            Node::Inner(inner) => inner.children.iter().for_each(|child| child.each_leaf(f)),
            Node::Leaf(leaf) => f(leaf),
        }
    }

    pub fn leaf_count(&self) -> usize {
        match self {
            Node::Inner(inner) => inner.children.iter().map(Node::leaf_count).sum(),
            Node::Leaf(_) => 1,
        }
    }

    /// Checks the invariants below this node, whose keys must be within the bounds; counts the entries.
    #[cfg(test)]
    pub fn check<'n>(&'n self, low: Option<O::Probe<'n>>, high: Option<O::Probe<'n>>, root: bool) -> usize {
        match self {
            Node::Inner(inner) => {
                assert_eq!(inner.children.len(), inner.separators.len() + 1);
                assert!(!root || inner.children.len() > 1);
                assert!(inner.skip <= O::skip(low, high));
                let mut entries = 0;
                for (i, child) in inner.children.iter().enumerate() {
                    let low = i.checked_sub(1).map(|i| O::of_separator(&inner.separators[i])).or(low);
                    let high = inner.separators.get(i).map(|s| O::of_separator(s)).or(high);
                    assert_eq!(child.depth(), inner.children[0].depth());
                    entries += child.check(low, high, false);
                }
                entries
            }
            Node::Leaf(leaf) => {
                assert!(root || leaf.len() > 0);
                leaf.check();
                assert!(leaf.skip() <= O::skip(low, high));
                for i in 0..leaf.len() {
                    assert!(low.is_none_or(|low| O::compare(low, leaf.key(i)).is_le()));
                    assert!(high.is_none_or(|high| O::compare(leaf.key(i), high).is_lt()));
                    assert!(i == 0 || O::compare(leaf.key(i - 1), leaf.key(i)).is_lt());
                }
                leaf.len()
            }
        }
    }

    #[cfg(test)]
    fn depth(&self) -> usize {
        match self {
            Node::Inner(inner) => 1 + inner.children[0].depth(),
            Node::Leaf(_) => 0,
        }
    }
}

impl<O: Order> Inner<O> {
    #[inline]
    fn guess(&self, child: usize, probe: O::Probe<'_>) -> Option<usize> {
        self.separators.get(child.wrapping_sub(1)).map(|low| O::guess(low, probe))
    }

    fn new(skip: usize) -> Inner<O> {
        Inner { skip, separators: ArrayVec::new(), children: ArrayVec::new() }
    }

    /// The child where a key is or would be.
    #[inline]
    fn child(&self, probe: O::Probe<'_>) -> usize {
        O::child(&self.separators, probe, self.skip)
    }

    fn set_skip(&mut self, skip: usize) {
        if self.skip != skip {
            self.skip = skip;
            for separator in &mut self.separators {
                O::set_skip(separator, skip);
            }
        }
    }

    /// Puts `right` behind child `i`; if there is no room, splits and gives what comes to the right.
    fn insert_child(
        &mut self,
        i: usize,
        mut separator: O::Separator,
        right: Node<O>,
    ) -> Option<(O::Separator, Box<Inner<O>>)> {
        O::set_skip(&mut separator, self.skip);
        if self.children.len() < CHILDREN_MAX {
            self.separators.insert(i, separator);
            self.children.insert(i + 1, right);
            return None;
        }
        let mut split = Box::new(Inner::new(self.skip));
        let mut middle = if i + 1 == CHILDREN_MAX {
            // Appending leaves a full node.
            split.children.push(right);
            separator
        } else {
            let half = CHILDREN_MAX / 2;
            split.children.extend(self.children.drain(half..));
            split.separators.extend(self.separators.drain(half..));
            let middle = self.separators.pop().expect("half of a full node's separators are left");
            let (into, i) = if i < half { (self, i) } else { (&mut *split, i - half) };
            into.separators.insert(i, separator);
            into.children.insert(i + 1, right);
            middle
        };
        O::set_skip(&mut middle, 0);
        Some((middle, split))
    }

    /// Removes child `i` if it became empty, merges it with a neighbour if it became small.
    #[inline]
    fn tidy(&mut self, i: usize, bounds: Bounds<'_, O>) {
        let child = &self.children[i];
        if !child.is_small() {
            return;
        }
        if child.len() == 0 {
            self.remove_child(i, bounds);
        } else if self.children.get(i + 1).is_some_and(|right| child.fits_with(right)) {
            self.merge(i, bounds);
        } else if i > 0 && self.children[i - 1].fits_with(child) {
            self.merge(i - 1, bounds);
        }
    }

    /// Removes an empty child: its range goes to the one before, the first one's to the next.
    fn remove_child(&mut self, i: usize, bounds: Bounds<'_, O>) {
        self.children.remove(i);
        if self.separators.is_empty() {
            return;
        }
        let heir = i.saturating_sub(1);
        self.separators.remove(heir);
        self.children[heir].widen(bounds_of::<O>(&self.separators, heir, bounds));
    }

    /// Merges child `i` with the one to its right.
    fn merge(&mut self, i: usize, bounds: Bounds<'_, O>) {
        let mut separator = self.separators.remove(i);
        let right = self.children.remove(i + 1);
        let (low, high) = bounds_of::<O>(&self.separators, i, bounds);
        let skip = O::skip(low, high);
        match (&mut self.children[i], right) {
            (Node::Inner(left), Node::Inner(mut right)) => {
                O::set_skip(&mut separator, skip);
                left.set_skip(skip);
                right.set_skip(skip);
                left.separators.push(separator);
                left.separators.extend(right.separators.drain(..));
                left.children.extend(right.children.drain(..));
            }
            (Node::Leaf(left), Node::Leaf(mut right)) => {
                let left = LeafRef::make_mut(left);
                left.set_skip(skip);
                if right.skip() != skip {
                    LeafRef::make_mut(&mut right).set_skip(skip);
                }
                left.append(&right);
            }
            _ => unreachable!("all leaves are at the same depth"),
        }
    }
}
