//! Pages `{page}` of `{size}` rows.
//!
//! Where answers announce a total, the rows of all pages must come to it, and a total that moves means that rows shifted
//! between pages: the load begins again. Without one, only an empty page proves the end: services cap `{size}`, so that a
//! short page says nothing. A service that answers a page beyond the end with the last one again would never come to an
//! empty page: it is noticed by the same answer twice in a row.

use super::{Ask, PageOutcome, Pager};

/// Most pages one series may have: a service that never ends is broken.
const PAGES_MAX: u64 = 1_000_000;

/// Asks one page after the other.
pub struct Pages {
    page: u64,
    first: u64,
    page_rows: u64,
    announces: bool,
    total: Option<u64>,
    seen: u64,
}

impl Pages {
    /// Asks `page_rows` rows at a time from page `first` on. `announces` says that answers tell their total.
    #[must_use]
    pub fn new(first: u64, page_rows: u64, announces: bool) -> Self {
        Self { page: first, first, page_rows, announces, total: None, seen: 0 }
    }

    /// Whether the pages read so far are all.
    fn over(&mut self, last: &PageOutcome) -> Result<bool, String> {
        self.seen += last.rows;
        // The first page of a series may well be what another series ended with.
        if last.repeated && last.rows > 0 && self.page > self.first {
            return Err(format!("page {} is page {} again, byte for byte", self.page, self.page - 1));
        }
        if !self.announces {
            return Ok(last.rows == 0);
        }
        // An answer without rows may leave the total out.
        let Some(total) = last.total.or(self.total.filter(|_| last.rows == 0)) else {
            return if last.rows == 0 { Ok(true) } else { Err("an answer announces no total".to_owned()) };
        };
        match self.total.replace(total) {
            Some(before) if before != total => return Err(format!("the total moved from {before} to {total}")),
            _ => {}
        }
        match self.seen.cmp(&total) {
            std::cmp::Ordering::Less if last.rows == 0 => {
                Err(format!("{total} rows are announced, but the pages end after {}", self.seen))
            }
            std::cmp::Ordering::Less => Ok(false),
            std::cmp::Ordering::Equal => Ok(true),
            std::cmp::Ordering::Greater => Err(format!("{total} rows are announced, but {} came", self.seen)),
        }
    }
}

impl Pager for Pages {
    fn next(&mut self, last: Option<&PageOutcome>) -> Result<Option<Ask>, String> {
        if let Some(last) = last {
            if self.over(last)? {
                return Ok(None);
            }
            self.page += 1;
        }
        if self.page - self.first >= PAGES_MAX {
            return Err(format!("no end after {PAGES_MAX} pages"));
        }
        let values = vec![("page", self.page.to_string()), ("size", self.page_rows.to_string())];
        Ok(Some(Ask { values, whole: false }))
    }
}

#[cfg(test)]
mod tests {
    use super::{PageOutcome, Pager, Pages};

    /// The pages asked for when answers hold these rows and totals, and how it ended.
    fn asked(announces: bool, answers: &[(u64, Option<u64>)]) -> (usize, Result<(), String>) {
        let mut pager = Pages::new(1, 10, announces);
        let mut last = None;
        for (n, &(rows, total)) in answers.iter().enumerate() {
            match pager.next(last.as_ref()) {
                Ok(Some(_)) => last = Some(PageOutcome { rows, total, repeated: false }),
                Ok(None) => return (n, Ok(())),
                Err(reason) => return (n, Err(reason)),
            }
        }
        match pager.next(last.as_ref()) {
            Ok(next) => (answers.len() + usize::from(next.is_some()), Ok(())),
            Err(reason) => (answers.len(), Err(reason)),
        }
    }

    #[test]
    fn the_total_ends_the_pages_even_when_the_last_is_full() {
        assert_eq!(asked(true, &[(10, Some(20)), (10, Some(20))]), (2, Ok(())));
        assert_eq!(asked(true, &[(10, Some(13)), (3, Some(13))]), (2, Ok(())));
        assert_eq!(asked(true, &[(0, Some(0))]), (1, Ok(())));
        // A service that caps the page size below what was asked.
        assert_eq!(asked(true, &[(4, Some(9)), (4, Some(9)), (1, Some(9))]), (3, Ok(())));
    }

    #[test]
    fn a_total_that_moves_or_is_not_met_is_noticed() {
        assert_eq!(asked(true, &[(10, Some(20)), (10, Some(21))]).1, Err("the total moved from 20 to 21".to_owned()));
        assert!(asked(true, &[(10, Some(20)), (0, Some(20))]).1.unwrap_err().contains("end after 10"));
        assert!(asked(true, &[(10, Some(15)), (10, Some(15))]).1.unwrap_err().contains("20 came"));
        assert!(asked(true, &[(10, None)]).1.is_err());
    }

    #[test]
    fn a_page_that_comes_twice_in_a_row_is_noticed() {
        let outcome = |rows, repeated| PageOutcome { rows, total: None, repeated };
        let mut pager = Pages::new(1, 10, false);
        assert!(pager.next(None).is_ok());
        // As the last page of the parameters before.
        assert!(pager.next(Some(&outcome(10, true))).is_ok());
        assert!(pager.next(Some(&outcome(10, false))).is_ok());
        let again = pager.next(Some(&outcome(10, true)));
        assert_eq!(again, Err("page 3 is page 2 again, byte for byte".to_owned()));
        let mut empty = Pages::new(1, 10, false);
        assert!(empty.next(None).is_ok());
        assert_eq!(empty.next(Some(&outcome(0, true))), Ok(None));
    }

    #[test]
    fn without_a_total_only_an_empty_page_ends() {
        assert_eq!(asked(false, &[(10, None), (3, None), (0, None)]), (3, Ok(())));
    }
}
