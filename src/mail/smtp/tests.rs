//! What each failure means for the message, by stage.

use super::{Cause, Ended, Fault, judged};
use crate::mail::state::Outcome;
use crate::warehouse::DeliveryStage as Stage;

fn judge(stage: Stage, cause: Cause) -> Ended {
    judged(&Fault::new(stage, cause), stage == Stage::Dot)
}

fn reply(code: u16) -> Cause {
    Cause::Reply { code, text: "said".to_owned() }
}

#[test]
fn a_reply_decides_at_every_stage() {
    for stage in Stage::ALL {
        let deferred = judge(stage, reply(451));
        assert_eq!((deferred.outcome, deferred.usable, deferred.code), (Outcome::NotTaken, true, Some(451)));
        let closing = judge(stage, reply(421));
        assert_eq!((closing.outcome, closing.usable), (Outcome::NotTaken, false), "{stage:?}");
        assert_eq!(judge(stage, reply(554)).outcome == Outcome::Refused, stage != Stage::Auth, "{stage:?}");
    }
}

#[test]
fn silence_decides_by_the_dot() {
    for cause in [Cause::Late(600), Cause::Lost("reset".to_owned())] {
        for stage in Stage::ALL {
            let ended = judge(stage, cause.clone());
            let expected = if stage == Stage::Dot { Outcome::Unknown } else { Outcome::NotTaken };
            assert_eq!((ended.outcome, ended.usable, ended.code), (expected, false, None), "{stage:?}");
        }
    }
}

#[test]
fn who_is_not_authorised_costs_no_message() {
    for code in [530, 534, 535, 538] {
        let ended = judge(Stage::Mail, reply(code));
        assert_eq!((ended.outcome, ended.unauthorised), (Outcome::NotTaken, true), "{code}");
        assert_eq!(judge(Stage::Dot, reply(code)).outcome, Outcome::Refused, "about the message by then");
    }
    assert!(!judge(Stage::Mail, reply(553)).unauthorised);
    let unavailable = Fault::new(Stage::Auth, reply(454));
    let refused = [reply(535), reply(501), Cause::Unsafe("no way to log in".to_owned())];
    assert!(!unavailable.is_unauthorised());
    assert!(refused.into_iter().all(|cause| Fault::new(Stage::Auth, cause).is_unauthorised()));
    assert_eq!(judge(Stage::Mail, Cause::Unfit("no SMTPUTF8")).outcome, Outcome::Refused);
}
