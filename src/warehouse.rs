//! Layout, ledger, stage and commit: the only writer below the warehouse folder.
