//! Details of the bound form that names and messages do not show.
