//! The app on a device: registers, finds people, writes to them, and asks again when it got no answer.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use waxwing_crypto::DeviceEntry;
use waxwing_engine::{
    Command, CommandId, ConversationId, Failure, GroupIntent, GroupRole, LocalDevice, Marks, Outcome,
    RegisterAccount, RegisterAs, Registration,
};
use waxwing_wire::{AccountId, DeviceId, Handle, MessageId};

use crate::device::Role;

/// What is commonly known of an account of the world.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its handle.
    pub handle: Handle,
    /// Its id, once its first device is registered.
    pub id: Option<AccountId>,
    /// Its secret key, as its user keeps it.
    pub key: Option<[u8; 32]>,
}

/// Whom a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// An account of the world.
    Account(usize),
    /// A group of the world.
    Group(usize),
}

/// What a user wants to do about a group of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Make it, with these accounts.
    Make(Vec<usize>),
    /// Add an account.
    Add(usize),
    /// Remove an account; one's own is leaving.
    Remove(usize),
    /// Make an account an admin.
    Promote(usize),
    /// Call it something else.
    Title(String),
}

impl Deed {
    /// Accounts that must be known first.
    pub(crate) fn people(&self) -> Vec<usize> {
        match self {
            Deed::Make(people) => people.clone(),
            Deed::Add(one) | Deed::Remove(one) | Deed::Promote(one) => vec![*one],
            Deed::Title(_) => Vec::new(),
        }
    }

    fn command(
        &self,
        conversation: Option<ConversationId>,
        id: impl Fn(usize) -> AccountId,
    ) -> Option<Command> {
        let intent = match self {
            Deed::Make(people) => {
                let members = people.iter().copied().map(id).collect();
                return Some(Command::CreateGroup { title: "birds".to_owned(), members });
            }
            Deed::Add(one) => GroupIntent::Add(vec![id(*one)]),
            Deed::Remove(one) => GroupIntent::Remove(vec![id(*one)]),
            Deed::Promote(one) => GroupIntent::Role { account: id(*one), role: GroupRole::Admin },
            Deed::Title(title) => GroupIntent::Title(title.clone()),
        };
        Some(Command::ChangeGroup { conversation: conversation?, intent })
    }
}

/// A text that the user wrote.
#[derive(Debug, Clone)]
pub struct Draft {
    /// For whom.
    pub to: To,
    /// Its name.
    pub id: MessageId,
    /// What it says.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Register,
    Find(usize),
    Send(MessageId),
    Group(usize),
    Remove,
    Add,
    End,
    Other,
}

/// The app of one device. The user's wishes outlive its crashes; what it asked of the engine does not.
#[derive(Debug, Default)]
pub struct App {
    /// The engine said that the device is registered.
    pub registered: bool,
    /// The engine said that the relay will not have the device any more.
    pub signed_out: bool,
    /// What the user wrote and the engine has not answered for.
    pub drafts: VecDeque<Draft>,
    /// How often each message was announced as readable.
    pub announced: BTreeMap<MessageId, u32>,
    /// Accounts whose key changed, as the engine announced.
    pub key_changes: BTreeSet<AccountId>,
    /// What the user wants to do about groups, in order.
    pub deeds: VecDeque<(usize, Deed)>,
    /// Devices of the account that the user does not want there any more, in order.
    pub unwanted: VecDeque<DeviceId>,
    /// Devices that the user wants to be of the account, in order.
    pub guests: VecDeque<DeviceEntry>,
    /// What this device is to be, once another device of the account has put it on the list.
    pub place: Option<LocalDevice>,
    /// The list names it.
    pub may_adopt: bool,
    /// The user wants the account deleted.
    pub leaves: bool,
    /// Groups that were made here.
    pub made: Vec<(usize, ConversationId)>,
    known: BTreeMap<usize, ConversationId>,
    asked: BTreeMap<CommandId, Asked>,
    next: u64,
}

impl App {
    /// The process started.
    pub fn booted(&mut self, local: Option<&LocalDevice>) {
        self.registered = local.is_some_and(|local| local.registration == Registration::Done);
    }

    /// The process died: what was asked will not be answered.
    pub fn died(&mut self) {
        self.asked.clear();
    }

    /// The conversation with an account, if it is known.
    #[must_use]
    pub fn conversation(&self, account: usize) -> Option<ConversationId> {
        self.known.get(&account).copied()
    }

    /// Whether all that the user wrote was answered for.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.drafts.is_empty()
            && self.deeds.is_empty()
            && self.unwanted.is_empty()
            && self.guests.is_empty()
            && self.asked.is_empty()
            && (self.registered || self.signed_out)
            && !(self.registered && self.leaves)
    }

    fn ask(&mut self, asked: Asked, command: Command) -> (CommandId, Command) {
        self.next += 1;
        let id = CommandId(self.next);
        self.asked.insert(id, asked);
        (id, command)
    }

    fn is_asking(&self, what: Asked) -> bool {
        self.asked.values().any(|asked| *asked == what)
    }

    /// Something that the user wants besides.
    pub fn wish(&mut self, command: Command) -> (CommandId, Command) {
        self.ask(Asked::Other, command)
    }

    /// What to ask of the engine now. `groups` are those that this device is in.
    pub fn next(
        &mut self,
        role: Role,
        own: &Account,
        accounts: &[Account],
        groups: &BTreeMap<usize, ConversationId>,
    ) -> Vec<(CommandId, Command)> {
        if self.signed_out {
            return Vec::new();
        }
        if self.leaves {
            let may_ask = self.registered && !self.is_asking(Asked::End);
            return may_ask.then(|| self.ask(Asked::End, Command::DeleteAccount)).into_iter().collect();
        }
        if !self.registered {
            return self.register(role, own).into_iter().collect();
        }
        let mut commands: Vec<(CommandId, Command)> = self.change_devices().into_iter().collect();
        for draft in self.drafts.clone() {
            let conversation = match draft.to {
                To::Account(account) => self.known.get(&account).copied(),
                To::Group(group) => groups.get(&group).copied(),
            };
            if let (To::Account(account), None) = (draft.to, conversation) {
                commands.extend(self.find(account, accounts));
            }
            if let Some(conversation) = conversation.filter(|_| !self.is_asking(Asked::Send(draft.id))) {
                let marks = Marks::default();
                let command = Command::Send { conversation, message: draft.id, text: draft.text, marks };
                commands.push(self.ask(Asked::Send(draft.id), command));
            }
        }
        if let Some((group, deed)) = self.deeds.front().cloned()
            && !self.is_asking(Asked::Group(group))
        {
            let others = deed.people().into_iter().filter(|one| accounts[*one].handle != own.handle);
            let unknown: Vec<usize> = others.filter(|one| !self.known.contains_key(one)).collect();
            unknown.iter().for_each(|one| commands.extend(self.find(*one, accounts)));
            let are_there = deed.people().into_iter().all(|one| accounts[one].id.is_some());
            if unknown.is_empty() && are_there {
                let id = |one: usize| accounts[one].id.expect("it is there");
                match deed.command(groups.get(&group).copied(), id) {
                    Some(command) => commands.push(self.ask(Asked::Group(group), command)),
                    None => drop(self.deeds.pop_front()),
                }
            }
        }
        commands
    }

    /// One change of the account's devices after the other.
    fn change_devices(&mut self) -> Option<(CommandId, Command)> {
        if self.is_asking(Asked::Remove) || self.is_asking(Asked::Add) {
            return None;
        }
        if let Some(entry) = self.guests.front().cloned() {
            return Some(self.ask(Asked::Add, Command::AddDevice(Box::new(entry))));
        }
        let device = *self.unwanted.front()?;
        Some(self.ask(Asked::Remove, Command::RemoveDevice(device)))
    }

    fn find(&mut self, account: usize, accounts: &[Account]) -> Option<(CommandId, Command)> {
        let find = Command::Find(accounts[account].handle.clone());
        (!self.is_asking(Asked::Find(account))).then(|| self.ask(Asked::Find(account), find))
    }

    fn register(&mut self, role: Role, own: &Account) -> Option<(CommandId, Command)> {
        if self.is_asking(Asked::Register) {
            return None;
        }
        if role == Role::Linked {
            let place = self.place.clone().filter(|_| self.may_adopt)?;
            return Some(self.ask(Asked::Register, Command::Adopt(Box::new(place))));
        }
        let account = match (role, own.key) {
            (Role::First, _) => RegisterAccount::New,
            (Role::Added, Some(key)) => RegisterAccount::Add(key.into()),
            (Role::Replacing, Some(key)) => RegisterAccount::Replace(key.into()),
            (Role::Added | Role::Replacing, None) | (Role::Linked, _) => return None,
        };
        let register = RegisterAs { handle: own.handle.clone(), token: None, account };
        Some(self.ask(Asked::Register, Command::Register(register)))
    }

    /// The engine answered. Returns whether to ask again after a while, or what makes no sense.
    ///
    /// # Errors
    ///
    /// A refusal that no correct engine gives.
    pub fn answered(
        &mut self,
        id: CommandId,
        result: Result<Outcome, Failure>,
        own: Option<&LocalDevice>,
    ) -> Result<bool, Failure> {
        let Some(asked) = self.asked.remove(&id) else { return Ok(false) };
        match (asked, result) {
            (Asked::Register, Ok(_)) => self.registered = true,
            (Asked::Find(account), Ok(Outcome::Account(peer))) => {
                if let Some(own) = own {
                    self.known.insert(account, ConversationId::direct(own.address.account, peer));
                }
            }
            (Asked::Send(message), Ok(_)) => self.drafts.retain(|draft| draft.id != message),
            (Asked::Send(_), Err(Failure::NotFound)) => self.known.clear(),
            // Out of the group in the meantime: it was never accepted.
            (Asked::Send(message), Err(Failure::NotPermitted)) => {
                self.drafts.retain(|draft| draft.id != message)
            }
            (Asked::Group(group), Ok(Outcome::Conversation(made))) => {
                self.made.push((group, made));
                self.deeds.pop_front();
            }
            (Asked::Group(_), _) => drop(self.deeds.pop_front()),
            (Asked::Send(_), Err(_)) if self.signed_out => {}
            // Offline, or another change was first: once more.
            (Asked::Remove | Asked::Add, Err(Failure::Offline | Failure::Refused { .. })) => {}
            (Asked::End, Ok(_)) => (self.registered, self.signed_out) = (false, true),
            // Offline: once more.
            (Asked::End, Err(_)) => {}
            (Asked::Remove, _) => drop(self.unwanted.pop_front()),
            (Asked::Add, _) => drop(self.guests.pop_front()),
            (Asked::Send(_), Err(failure)) => return Err(failure),
            (Asked::Find(_) | Asked::Other, _) | (Asked::Register, Err(_)) => {}
        }
        Ok(true)
    }
}
