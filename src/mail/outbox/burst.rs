//! One burst: what is due, one message after the other, over as few connections as there can be. What happens to one message
//! does not end the burst; what would happen to all of them does.

use super::{Event, Outbox, Said, Stopped, Watch, alert, state};
use crate::mail::road::Line;
use crate::mail::smtp::{Ended, Fault};
use crate::mail::state::Outcome;
use crate::mail::{Address, Letter, MailError};
use crate::warehouse::{
    Deliveries, DeliveryChange, DeliveryKind, DeliveryRecord, DeliveryStage, DeliveryState, WarehouseError,
};
use std::collections::BTreeSet;

/// Connections lost in a row, in the middle of a message, after which nothing more is sent.
const LOST_IN_A_ROW_MAX: u32 = 3;

/// Characters of a reply that are kept.
const REPLY_CHARS_MAX: usize = 255;

/// The reply with which a server says that it closes the connection.
const CLOSING: u16 = 421;

/// What is sent.
#[derive(Debug, Clone, Copy)]
enum Wanted<'a> {
    Those(Deliveries<'a>),
    Alerts,
}

/// What one burst has in hand.
#[derive(Default)]
struct Hand {
    line: Option<Line>,
    lost_in_a_row: u32,
    /// Each delivery is tried once a burst.
    tried: BTreeSet<u64>,
    /// What was begun together with the end of the one before: one wait for the disk instead of two.
    begun: Option<DeliveryRecord>,
}

impl Outbox {
    /// Sends what is due of `which`, and what the operator is told. Whatever happened to single deliveries stands in the ledger.
    ///
    /// # Errors
    /// When the ledger or a message cannot be read or written: then nothing more is sent.
    pub async fn send(&self, which: Deliveries<'_>, watch: &dyn Watch) -> Result<Option<Stopped>, MailError> {
        self.give_up(which)?;
        let mut hand = Hand::default();
        let stopped = self.burst(Wanted::Those(which), &mut hand, watch).await?;
        self.tell()?;
        if matches!(stopped, None | Some(Stopped::Lost)) {
            // An alert that does not get out stays in the outbox; how the editions went is what counts here.
            if let Some(reason) = self.burst(Wanted::Alerts, &mut hand, watch).await? {
                watch.note(&format!("the note to the operator waits in the outbox: {reason:?}"));
            }
        }
        if let Some(line) = hand.line {
            line.close().await;
        }
        Ok(stopped)
    }

    /// Ends what was not taken in time.
    fn give_up(&self, which: Deliveries<'_>) -> Result<(), MailError> {
        for record in self.log.open_deliveries(which)? {
            self.step(&record, Event::Tick, Said::of(&record))?;
        }
        Ok(())
    }

    fn due(&self, wanted: Wanted<'_>, hand: &Hand) -> Result<Vec<DeliveryRecord>, MailError> {
        let now = self.clock.now();
        let mut records = match wanted {
            Wanted::Those(which) => self.log.open_deliveries(which)?,
            Wanted::Alerts => self.log.open_deliveries(Deliveries::All)?,
        };
        let is_wanted = |record: &DeliveryRecord| match wanted {
            Wanted::Those(_) => true,
            Wanted::Alerts => record.kind == DeliveryKind::Alert,
        };
        records.retain(|record| record.is_due(now) && is_wanted(record) && !hand.tried.contains(&record.seq));
        Ok(records)
    }

    async fn burst(
        &self,
        wanted: Wanted<'_>,
        hand: &mut Hand,
        watch: &dyn Watch,
    ) -> Result<Option<Stopped>, MailError> {
        loop {
            // Others may lay in more while this goes on.
            let due = self.due(wanted, hand)?;
            if due.is_empty() {
                return Ok(None);
            }
            for (index, record) in due.iter().enumerate() {
                if hand.begun.is_none() && watch.stop_asked() {
                    return Ok(Some(Stopped::Asked));
                }
                if let Err(fault) = self.ready(hand).await {
                    self.unreached(wanted, hand, &fault)?;
                    return Ok(Some(stopped(&fault)));
                }
                hand.tried.insert(record.seq);
                let next = due.get(index + 1).filter(|_| !watch.stop_asked());
                let (after, stop) = self.one((record, next), hand).await?;
                watch.done(&after);
                match stop {
                    None => {}
                    Some(Stop::Because(stopped)) => return Ok(Some(stopped)),
                    Some(Stop::Unreached(fault)) => {
                        self.unreached(wanted, hand, &fault)?;
                        return Ok(Some(stopped(&fault)));
                    }
                }
            }
        }
    }

    /// Sees to a connection that takes the next message.
    async fn ready(&self, hand: &mut Hand) -> Result<(), Fault> {
        if hand.line.as_ref().is_some_and(|line| !line.has_room())
            && let Some(line) = hand.line.take()
        {
            line.close().await;
        }
        if hand.line.is_none() {
            hand.line = Some(self.road.open().await?);
        }
        Ok(())
    }

    /// Notes on everything that is due that no server takes anybody in.
    fn unreached(&self, wanted: Wanted<'_>, hand: &Hand, fault: &Fault) -> Result<(), MailError> {
        let (now, text) = (self.clock.now(), cut(&fault.text()));
        let said = Said { code: fault.code(), text: Some(&text), resent_by: None };
        let due = self.due(wanted, hand)?;
        let moved = due.iter().filter_map(|record| {
            let next = state::next(record, Event::Unreached(fault.stage), now, &self.policy)?;
            Some(super::change(record, &next, said))
        });
        let changes: Vec<DeliveryChange<'_>> = moved.collect();
        Ok(self.log.apply(&changes, now)?)
    }

    /// One attempt at one delivery, and whether the burst ends with it. Where the connection takes the `next` one, too, that is
    /// begun with the end of this one.
    async fn one(
        &self,
        (record, next): (&DeliveryRecord, Option<&DeliveryRecord>),
        hand: &mut Hand,
    ) -> Result<(DeliveryRecord, Option<Stop>), MailError> {
        let begun = match hand.begun.take() {
            Some(begun) => Some(begun),
            None => self.step(record, Event::Begin, Said::of(record))?,
        };
        let Some(sending) = begun else { return Ok((record.clone(), None)) };
        let eml = match self.log.message(&sending) {
            Ok(eml) => eml,
            Err(error @ WarehouseError::MessageChanged { .. }) => {
                return Ok((self.end((&sending, &unfit(error.to_string())), None, hand)?, None));
            }
            Err(error) => return Err(error.into()),
        };
        let to: Address = match sending.recipient.expose().parse() {
            Ok(to) => to,
            Err(_) => {
                let unfit = unfit("the recipient is no address".to_owned());
                return Ok((self.end((&sending, &unfit), None, hand)?, None));
            }
        };
        let letter = Letter { from: &self.from, to: &to, eml: &eml };
        let (ended, sending, fault) = self.attempt(sending, &letter, hand).await?;
        if !ended.usable {
            hand.line = None;
        }
        let lost = !ended.usable && ended.code.is_none();
        hand.lost_in_a_row = if lost { hand.lost_in_a_row + 1 } else { 0 };
        let stop = match fault {
            Some(fault) => Some(Stop::Unreached(fault)),
            None if ended.unauthorised => Some(Stop::Because(Stopped::Unauthorised(said_by(&ended)))),
            None if ended.code == Some(CLOSING) => Some(Stop::Because(Stopped::Unavailable(said_by(&ended)))),
            None if hand.lost_in_a_row >= LOST_IN_A_ROW_MAX => Some(Stop::Because(Stopped::Lost)),
            None => None,
        };
        let goes_on = stop.is_none() && hand.line.as_ref().is_some_and(Line::has_room);
        let after = self.end((&sending, &ended), next.filter(|_| goes_on), hand)?;
        Ok((after, stop))
    }

    /// Sends over the connection in hand; where that one turns out to be closed, over a new one. The fault is that of the new
    /// one.
    async fn attempt(
        &self,
        mut sending: DeliveryRecord,
        letter: &Letter<'_>,
        hand: &mut Hand,
    ) -> Result<(Ended, DeliveryRecord, Option<Fault>), MailError> {
        loop {
            let line = hand.line.as_mut().expect("a burst gets ready before it sends");
            let was_fresh = line.is_fresh();
            let mut at_dot = None;
            let ended = line
                .deliver(&sending, letter, || {
                    at_dot = self.step(&sending, Event::Dot, Said::default())?;
                    Ok(())
                })
                .await?;
            sending = at_dot.unwrap_or(sending);
            let was_closed = ended.outcome == Outcome::NotTaken && !ended.usable && !ended.unauthorised;
            if was_fresh || !was_closed || ended.stage > DeliveryStage::Mail {
                return Ok((ended, sending, None));
            }
            hand.line = None;
            if let Err(fault) = self.ready(hand).await {
                return Ok((ended, sending, Some(fault)));
            }
        }
    }

    /// Notes how an attempt ended, and that the `next` one is begun.
    fn end(
        &self,
        (sending, ended): (&DeliveryRecord, &Ended),
        next: Option<&DeliveryRecord>,
        hand: &mut Hand,
    ) -> Result<DeliveryRecord, MailError> {
        let now = self.clock.now();
        let text = cut(&ended.text);
        let said = Said { code: ended.code, text: Some(&text), resent_by: None };
        let moved = |record: &DeliveryRecord, event| state::next(record, event, now, &self.policy);
        let end =
            moved(sending, Event::Ended(ended.outcome, ended.stage)).map(|to| super::change(sending, &to, said));
        let begin = next.and_then(|next| Some(super::change(next, &moved(next, Event::Begin)?, Said::of(next))));
        let changes: Vec<DeliveryChange<'_>> = end.iter().chain(&begin).copied().collect();
        self.log.apply(&changes, now)?;
        hand.begun = next.zip(begin.as_ref()).map(|(next, change)| super::after(next, change));
        let after = end.map_or_else(|| sending.clone(), |change| super::after(sending, &change));
        match after.state {
            DeliveryState::Accepted => tracing::info!("{}", alert::line(&after)),
            // The bad ends of editions are told together, at the end.
            state if state.is_final() && after.kind == DeliveryKind::Edition => {}
            _ => tracing::warn!("{}", alert::line(&after)),
        }
        Ok(after)
    }
}

/// Why a burst ends.
enum Stop {
    Because(Stopped),
    Unreached(Fault),
}

/// Why sending ends where no server takes anybody in.
pub(super) fn stopped(fault: &Fault) -> Stopped {
    let code = fault.code().map(|code| format!(" {code}")).unwrap_or_default();
    let text = format!("{}:{code} {}", fault.stage.word(), cut(&fault.text()));
    if fault.is_unauthorised() { Stopped::Unauthorised(text) } else { Stopped::Unavailable(text) }
}

fn said_by(ended: &Ended) -> String {
    let code = ended.code.map(|code| format!(" {code}")).unwrap_or_default();
    format!("{}:{code} {}", ended.stage.word(), cut(&ended.text))
}

/// What is not sent because of itself.
fn unfit(text: String) -> Ended {
    let (outcome, stage) = (Outcome::Refused, DeliveryStage::Mail);
    Ended { outcome, stage, code: None, text, usable: true, unauthorised: false }
}

/// A reply as the ledger keeps it: one line, not too long, no address in full.
fn cut(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(REPLY_CHARS_MAX).collect();
    crate::warehouse::MailAddress::mask_all(plain.trim())
}
