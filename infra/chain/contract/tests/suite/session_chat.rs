//! Users, agents and what they say to each other, for the tests of sessions.

use cosmwasm_std::{Binary, StdResult, Uint128, Uint64};
use cw_multi_test::AppResponse;
use k256::ecdsa::signature::hazmat::PrehashSigner;
use k256::ecdsa::{Signature, SigningKey};
use quorate_contract::frame::sha256;
use quorate_contract::hash::Place;
use quorate_contract::msg::*;
use quorate_contract::session_rules as rules;

use crate::prover::SecretKey;
use crate::session_merkle::{path, root};
use crate::world::*;

pub const MILLION: u64 = 1_000_000;
pub const LOCK: u128 = 100_000;
/// What `talk(3)` costs at these prices.
pub const PRICE_IN: u128 = 2_000;
pub const PRICE_OUT: u128 = 10_000;
pub const PAYMENT: u128 = 36_000;

pub fn with_sessions(sessions: SessionParams) -> Params {
    Params { sessions, ..params() }
}

pub fn challenging(challenge_ppm: u32) -> Params {
    with_sessions(SessionParams {
        challenge_ppm,
        ..params().sessions
    })
}

/// One side of a session, with every key that it needs.
#[derive(Clone)]
pub struct Chat {
    pub id: Binary,
    signer: SigningKey,
    pub vrf: SecretKey,
}

impl Chat {
    pub fn new(name: &str) -> Self {
        let signer = SigningKey::from_slice(&sha256(name.as_bytes())).unwrap();
        let point = signer.verifying_key().to_encoded_point(true);
        Self {
            id: Binary::from(point.as_bytes()),
            signer,
            vrf: SecretKey::new(name.as_bytes()),
        }
    }
}

impl Chat {
    /// Another's session with this one's keys.
    pub fn posing_as(&self, other: &Chat) -> Self {
        Self {
            id: other.id.clone(),
            ..self.clone()
        }
    }
}

/// An answer: 1,000,000 input and output tokens, counted from the start of the session.
#[derive(Clone)]
pub struct Turn {
    pub input: Vec<u8>,
    pub digest: [u8; 32],
    pub tokens: u64,
}

pub fn talk(turns: u64) -> Vec<Turn> {
    let turn = |i| Turn {
        input: format!("question {i}").into_bytes(),
        digest: says("a").digest,
        tokens: MILLION,
    };
    (0..turns).map(turn).collect()
}

impl World {
    /// Nodes of equal weight that all answer sessions, and a pool that can pay for challenges.
    pub fn with_agents(params: Params, count: usize) -> Self {
        let mut world = World::with(params, Rule::Exact {}, count);
        world.fill_pool();
        for place in 0..count {
            world.announce(place, PRICE_IN, PRICE_OUT).unwrap();
        }
        world.advance(1);
        world
    }

    pub fn fill_pool(&mut self) {
        let id = self.ask_paying(1, 100_000);
        self.advance(15);
        self.play(id, &[says("a")]);
    }

    pub fn announce(&mut self, place: usize, price_in: u128, price_out: u128) -> StdResult<AppResponse> {
        let service = Some(Service {
            url: format!("https://agent{place}.example"),
            price_in: Uint128::new(price_in),
            price_out: Uint128::new(price_out),
        });
        self.exec(&self.nodes[place].addr.clone(), &ExecuteMsg::Announce { service }, 0)
    }

    pub fn withdraw_service(&mut self, place: usize) -> StdResult<AppResponse> {
        let msg = ExecuteMsg::Announce { service: None };
        self.exec(&self.nodes[place].addr.clone(), &msg, 0)
    }

    pub fn lock_msg(&self, chat: &Chat) -> LockSessionMsg {
        LockSessionMsg {
            session_pubkey: chat.id.clone(),
            vrf_pubkey: Binary::from(chat.vrf.public),
            model: self.model.clone(),
            price_in: Uint128::new(PRICE_IN),
            price_out: Uint128::new(PRICE_OUT),
        }
    }

    pub fn lock(&mut self, chat: &Chat) -> StdResult<AppResponse> {
        let msg = ExecuteMsg::LockSession(self.lock_msg(chat));
        self.exec(&self.asker.clone(), &msg, LOCK)
    }

    pub fn session(&self, chat: &Chat) -> SessionResponse {
        self.ask_contract(&QueryMsg::Session { id: chat.id.clone() })
    }

    pub fn register_session(&mut self, chat: &Chat) -> StdResult<AppResponse> {
        let alpha = rules::draw_alpha(&self.session(chat).seed);
        let msg = ExecuteMsg::RegisterSession {
            session_id: chat.id.clone(),
            proof: Binary::from(chat.vrf.prove(&alpha)),
        };
        self.exec(&self.asker.clone(), &msg, 0)
    }

    pub fn agent(&self, chat: &Chat) -> usize {
        let agent = self.session(chat).agent.unwrap();
        self.nodes.iter().position(|node| node.addr == agent).unwrap()
    }

    /// A session whose agent is named.
    pub fn chat(&mut self, name: &str) -> (Chat, usize) {
        let chat = Chat::new(name);
        self.lock(&chat).unwrap();
        self.register_session(&chat).unwrap();
        let agent = self.agent(&chat);
        (chat, agent)
    }

    pub fn request_hash(&self, chat: &Chat, turns: &[Turn], sequence: usize) -> [u8; 32] {
        let block = self.app.block_info();
        let place = Place {
            chain_id: &block.chain_id,
            contract: self.contract.as_str(),
        };
        let limit = turns[..=sequence].iter().map(|turn| turn.tokens).sum();
        let request = rules::Request {
            sequence: sequence as u32,
            input_hash: &sha256(&turns[sequence].input),
            input_limit: limit,
            output_limit: limit,
        };
        rules::request_hash(place, &chat.id, &request)
    }

    pub fn request(&self, chat: &Chat, turns: &[Turn], sequence: usize) -> SignedRequest {
        let limit: u64 = turns[..=sequence].iter().map(|turn| turn.tokens).sum();
        let hash = self.request_hash(chat, turns, sequence);
        let signature: Signature = chat.signer.sign_prehash(&hash).unwrap();
        SignedRequest {
            input_hash: Binary::from(sha256(&turns[sequence].input)),
            input_limit: Uint64::new(limit),
            output_limit: Uint64::new(limit),
            signature: Binary::from(&signature.to_bytes()[..]),
        }
    }

    fn leaves(&self, chat: &Chat, turns: &[Turn]) -> Vec<Vec<u8>> {
        let leaf = |(i, turn): (usize, &Turn)| {
            let request = self.request_hash(chat, turns, i);
            rules::answer_leaf(&request, &turn.digest, turn.tokens, turn.tokens)
        };
        turns.iter().enumerate().map(leaf).collect()
    }

    pub fn submit_msg(&self, chat: &Chat, turns: &[Turn]) -> SubmitSessionMsg {
        let total: u64 = turns.iter().map(|turn| turn.tokens).sum();
        SubmitSessionMsg {
            session_id: chat.id.clone(),
            input_tokens: Uint64::new(total),
            output_tokens: Uint64::new(total),
            answers: turns.len() as u32,
            answers_root: Binary::from(root(&self.leaves(chat, turns))),
            last_request: self.request(chat, turns, turns.len() - 1),
        }
    }

    pub fn submit(&mut self, chat: &Chat, turns: &[Turn]) -> StdResult<AppResponse> {
        let msg = ExecuteMsg::SubmitSession(self.submit_msg(chat, turns));
        let agent = self.nodes[self.agent(chat)].addr.clone();
        self.exec(&agent, &msg, 0)
    }

    pub fn challenge_proof(&self, chat: &Chat) -> Binary {
        let session = self.session(chat);
        let alpha = rules::challenge_alpha(&session.seed, &session.submission.unwrap().hash);
        Binary::from(chat.vrf.prove(&alpha))
    }

    pub fn settle_with(&mut self, chat: &Chat, proof: Option<Binary>) -> StdResult<AppResponse> {
        let session_id = chat.id.clone();
        let msg = ExecuteMsg::SettleSession { session_id, proof };
        self.exec(&self.asker.clone(), &msg, 0)
    }

    pub fn settle_session(&mut self, chat: &Chat) -> StdResult<AppResponse> {
        self.settle_with(chat, None)
    }

    /// The user settles in the block after the submission.
    pub fn settle_by_proof(&mut self, chat: &Chat) -> AppResponse {
        self.advance(1);
        let proof = self.challenge_proof(chat);
        self.settle_with(chat, Some(proof)).unwrap()
    }

    pub fn open_msg(&self, chat: &Chat, turns: &[Turn], answer: usize) -> OpenAnswerMsg {
        let turn = &turns[answer];
        OpenAnswerMsg {
            session_id: chat.id.clone(),
            request: self.request(chat, turns, answer),
            input: Input::Inline(Binary::from(turn.input.as_slice())),
            digest: Binary::from(turn.digest),
            input_tokens: Uint64::new(turn.tokens),
            output_tokens: Uint64::new(turn.tokens),
            path: path(&self.leaves(chat, turns), answer)
                .into_iter()
                .map(Binary::from)
                .collect(),
        }
    }

    pub fn open(&mut self, chat: &Chat, msg: OpenAnswerMsg) -> StdResult<AppResponse> {
        let agent = self.nodes[self.agent(chat)].addr.clone();
        self.exec(&agent, &ExecuteMsg::OpenAnswer(msg), 0)
    }

    /// Up to the query that runs the chosen answer again, whose id is returned.
    pub fn challenged(&mut self, chat: &Chat, turns: &[Turn], by_uri: bool) -> u64 {
        self.submit(chat, turns).unwrap();
        self.settle_by_proof(chat);
        let answer = self.session(chat).challenge.unwrap().answer as usize;
        let mut msg = self.open_msg(chat, turns, answer);
        if by_uri {
            msg.input = Input::Uri("https://inputs.example/1".to_string());
        }
        let response = self.open(chat, msg).unwrap();
        attribute(&response, "session_opened", "query_id").parse().unwrap()
    }

    /// Everybody but the agent runs the query; each says what it is given.
    pub fn judge(&mut self, chat: &Chat, query: u64, answers: &[Answer]) -> AppResponse {
        let agent = self.agent(chat);
        let judges: Vec<usize> = (0..self.nodes.len()).filter(|place| *place != agent).collect();
        // By the second round everybody qualifies.
        self.advance(5);
        for (place, answer) in judges.iter().zip(answers) {
            self.commit(*place, query, answer).unwrap();
        }
        self.go_to(self.query(query).opening.unwrap().commit_close + 1);
        for (place, answer) in judges.iter().zip(answers) {
            self.reveal(*place, query, answer).unwrap();
        }
        self.settle(query).unwrap()
    }
}

/// What a message is refused with once it is spoilt like this.
pub type Spoilt<'a, T> = (&'a str, &'a dyn Fn(&mut T));
