//! Names of faults and when they strike.

use super::{Fault, FaultError, Faults};
use crate::sandbox::Dataset;

#[test]
fn every_name_reads_back() {
    for info in Fault::ALL {
        let fault: Fault = info.name.parse().unwrap();
        assert_eq!(fault, info.fault);
        assert_eq!(fault.to_string(), info.name);
        assert!(!info.meaning.is_empty());
    }
    let names: std::collections::BTreeSet<_> = Fault::ALL.iter().map(|info| info.name).collect();
    assert_eq!(names.len(), Fault::ALL.len(), "two faults have one name");
}

#[test]
fn a_restriction_reads_back() {
    let fault: Fault = "truncated@realisasi_belanja".parse().unwrap();
    assert_eq!(fault, Fault::On { fault: Box::new(Fault::Truncated), dataset: Dataset::RealisasiBelanja });
    assert_eq!(fault.to_string(), "truncated@realisasi_belanja");
    assert_eq!("truncated@omspan.realisasi_belanja".parse(), Ok(fault));
}

#[test]
fn wrong_names_are_refused() {
    assert_eq!("half".parse::<Fault>(), Err(FaultError::Unknown("half".to_owned())));
    assert!(matches!("bom@sipp".parse::<Fault>(), Err(FaultError::UnknownDataset { .. })));
    assert!(matches!("overrun@dipa_belanja".parse::<Fault>(), Err(FaultError::NotRestrictable(_))));
}

#[test]
fn faults_strike_where_they_belong() {
    let faults = Faults::new(&["bom@detail_pnbp", "gzip", "bad-row"].map(|name| name.parse().unwrap()));
    assert!(faults.on(&Fault::Bom, Dataset::DetailPnbp));
    assert!(!faults.on(&Fault::Bom, Dataset::DipaBelanja));
    assert!(Dataset::ALL.iter().all(|dataset| faults.on(&Fault::Gzip, *dataset)));
    assert!(faults.on(&Fault::BadRow, Dataset::DipaBelanja) && !faults.on(&Fault::BadRow, Dataset::DetailPnbp));
    assert!(faults.once(&Fault::Gzip, Dataset::DetailPnbp, "a"));
    assert!(!faults.once(&Fault::Gzip, Dataset::DetailPnbp, "a"));
    assert!(faults.once(&Fault::Gzip, Dataset::DetailPnbp, "b"));
    assert!(!faults.once(&Fault::Empty, Dataset::DetailPnbp, "a"));
}
