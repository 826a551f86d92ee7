//! Bytes to `RecordBatch`, driven by the contract.
