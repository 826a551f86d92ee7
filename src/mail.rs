//! Outbox and SMTP.
