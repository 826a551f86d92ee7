//! The one integration binary; a module a theme.
