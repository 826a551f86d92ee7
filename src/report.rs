//! Query to view struct to template to message.
