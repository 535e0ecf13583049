//! How far an entry got.

/// How far an entry got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum EntryState {
    /// One that this account wrote.
    Outgoing {
        /// How far it got.
        delivery: Delivery,
    },
    /// One that somebody else wrote.
    Incoming {
        /// How far it got.
        reception: Reception,
    },
    /// Neither: a notice.
    Local,
}

/// How far an outgoing message got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Delivery {
    /// On disk here; not sealed yet.
    Queued,
    /// Waits for the user.
    Held {
        /// For what.
        reason: HoldReason,
    },
    /// Sealed; perhaps on its way.
    Sending,
    /// It will not go out, unless it is retried.
    Failed {
        /// Why.
        reason: FailureReason,
    },
    /// The user took it back before it was sealed.
    Cancelled,
    /// The relay has it on disk.
    Sent,
    /// A device of the recipient has it on disk.
    Delivered,
    /// The recipient read it.
    Read,
}

/// What one can wait for a message to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum DeliveryGoal {
    /// The relay has it on disk.
    Sent,
    /// A device of the recipient has it on disk.
    Delivered,
    /// The recipient read it.
    Read,
}

/// What a message waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum HoldReason {
    /// The recipient's account key changed; goes on when the user accepts it.
    KeyChanged,
    /// The relay does not know the recipient; tried again by itself, in case the recipient comes back.
    RecipientGone,
}

/// Why a message will not go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum FailureReason {
    /// The relay refuses its size.
    TooLarge,
    /// The relay refused it for a reason that this build does not know.
    Refused,
    /// This account is not in the group any more, or may not write there.
    NotPermitted,
    /// The recipient deleted the account.
    RecipientGone,
}

/// How far an incoming message got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Reception {
    /// Not opened yet: the sender has been asked to send it again.
    Waiting,
    /// It could not be opened, and the sender could not send it again.
    Lost,
    /// On disk, not seen by the user.
    Unread,
    /// Seen by the user.
    Read,
}

// ---- conversions ----

impl From<DeliveryGoal> for waxwing::Delivery {
    fn from(goal: DeliveryGoal) -> waxwing::Delivery {
        match goal {
            DeliveryGoal::Sent => waxwing::Delivery::Sent,
            DeliveryGoal::Delivered => waxwing::Delivery::Delivered,
            DeliveryGoal::Read => waxwing::Delivery::Read,
        }
    }
}

impl From<waxwing::Status> for EntryState {
    fn from(status: waxwing::Status) -> EntryState {
        match status {
            waxwing::Status::Outgoing(delivery) => EntryState::Outgoing { delivery: delivery.into() },
            waxwing::Status::Incoming(reception) => EntryState::Incoming { reception: reception.into() },
            waxwing::Status::Local => EntryState::Local,
        }
    }
}

impl From<waxwing::Delivery> for Delivery {
    fn from(delivery: waxwing::Delivery) -> Delivery {
        use waxwing::Delivery as D;
        match delivery {
            D::Queued => Delivery::Queued,
            D::Held(reason) => Delivery::Held { reason: reason.into() },
            D::Sending => Delivery::Sending,
            D::Failed(reason) => Delivery::Failed { reason: reason.into() },
            D::Cancelled => Delivery::Cancelled,
            D::Sent => Delivery::Sent,
            D::Delivered => Delivery::Delivered,
            D::Read => Delivery::Read,
        }
    }
}

impl From<waxwing::HoldReason> for HoldReason {
    fn from(reason: waxwing::HoldReason) -> HoldReason {
        match reason {
            waxwing::HoldReason::KeyChanged => HoldReason::KeyChanged,
            waxwing::HoldReason::RecipientGone => HoldReason::RecipientGone,
        }
    }
}

impl From<waxwing::FailureReason> for FailureReason {
    fn from(reason: waxwing::FailureReason) -> FailureReason {
        match reason {
            waxwing::FailureReason::TooLarge => FailureReason::TooLarge,
            waxwing::FailureReason::Refused => FailureReason::Refused,
            waxwing::FailureReason::NotPermitted => FailureReason::NotPermitted,
            waxwing::FailureReason::RecipientGone => FailureReason::RecipientGone,
        }
    }
}

impl From<waxwing::Reception> for Reception {
    fn from(reception: waxwing::Reception) -> Reception {
        match reception {
            waxwing::Reception::Waiting => Reception::Waiting,
            waxwing::Reception::Lost => Reception::Lost,
            waxwing::Reception::Unread => Reception::Unread,
            waxwing::Reception::Read => Reception::Read,
        }
    }
}
