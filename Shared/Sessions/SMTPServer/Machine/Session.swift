// SPDX-License-Identifier: Apache-2.0

import MailFlow
import SASLMechanisms
import SMTPGrammar
import ServiceKit

/// One SMTP connection as a state machine: inputs in, actions out; it touches no socket, clock, file or network.
///
/// The loop feeds it frames as `SMTPFraming` cuts them and carries out its actions in order. An action that asks
/// something (`checkLogin`, `checkSender`, `resolve`, `accept`, `startTLS`) is always the last of its list: the loop
/// brings the answer back as the next input and pulls no frame before.
package struct Session: Sendable {
    package enum Input: Sendable {
        /// Somebody connected; the greeting is due.
        case connected
        case frame(SMTPFraming.Event)
        /// The handshake that `startTLS` asked for is done.
        case tlsStarted
        case loginChecked(LoginVerdict)
        /// Whether the login may send as the address in MAIL; nil: could not be found out just now.
        case senderChecked(Bool?)
        case resolved(RecipientVerdict)
        case accepted(AcceptVerdict)
        /// `SessionLimits.idle` or `.total` is over.
        case timedOut
        /// The service is stopping: say 421 as soon as no message is under way.
        case draining
        /// The service is stopping and nothing more can be read: say 421 now.
        case stopping
    }

    package enum Action: Sendable {
        /// Write, at the latest before waiting for the client.
        case send(SMTPReply)
        case expectData(limit: Int)
        case expectChunk(size: Int)
        /// Write what is due, drop all input, shake hands.
        case startTLS
        case checkLogin(SASLCredentials)
        case checkSender(SMTPMailbox, Login)
        case resolve(ForwardPath)
        case accept(FinishedMessage)
        /// Write what is due and close.
        case close
    }

    enum Phase {
        case command
        case sasl(SASLExchange)
        case data
        /// `refusal`: answer for a chunk that is read and thrown away.
        case chunk(size: Int, last: Bool, refusal: SMTPReply?)
        /// An answer to an action is awaited.
        case waiting
        case closed
    }

    package let hostname: String
    package let role: SessionRole
    package let limits: SessionLimits
    let memory: MessageMemory
    let canStartTLS: Bool

    var phase = Phase.command
    package private(set) var isTLS: Bool
    /// The client's name for itself and whether it said EHLO; nil before.
    var greeting: (name: String, extended: Bool)?
    package internal(set) var login: Login?
    var transaction: Transaction?
    var errors = 0
    var messages = 0
    var isDraining = false

    /// - Parameters:
    ///   - hostname: our name, in the greeting and in replies.
    ///   - canStartTLS: whether there is a certificate; without one STARTTLS is not offered.
    package init(
        hostname: String, role: SessionRole, isTLS: Bool, canStartTLS: Bool = true,
        limits: SessionLimits = SessionLimits(), memory: MessageMemory
    ) {
        self.hostname = hostname
        self.role = role
        self.isTLS = isTLS
        self.canStartTLS = canStartTLS
        self.limits = limits
        self.memory = memory
    }

    /// Whether the connection is over: nothing is to be read any more.
    package var isClosed: Bool {
        if case .closed = phase { return true }
        return false
    }

    package mutating func handle(_ input: Input) -> [Action] {
        if isClosed { return [] }
        var actions = step(input)
        if errors >= limits.errors, !isClosed, case .command = phase {
            actions += close(Reply.tooManyErrors(hostname))
        } else if isDraining, !isClosed, case .command = phase, transaction?.isReceiving != true {
            actions += close(Reply.shuttingDown(hostname))
        }
        return actions
    }

    private mutating func step(_ input: Input) -> [Action] {
        switch input {
        case .connected:
            return [.send(SMTPReply(220, "\(hostname) ESMTP Mailkeep"))]
        case .frame(let frame):
            return take(frame)
        case .tlsStarted:
            // Nothing learned before the handshake counts (RFC 3207 section 4.2).
            isTLS = true
            greeting = nil
            login = nil
            transaction = nil
            phase = .command
            return []
        case .loginChecked(let verdict):
            phase = .command
            return loginChecked(verdict)
        case .senderChecked(let verdict):
            phase = .command
            return senderChecked(verdict)
        case .resolved(let verdict):
            phase = .command
            return resolved(verdict)
        case .accepted(let verdict):
            phase = .command
            transaction = nil
            messages += 1
            let reply = Reply.verdict(verdict)
            if messages >= limits.messages { return [.send(reply)] + close(Reply.tooManyMessages(hostname)) }
            return [send(reply)]
        case .timedOut:
            return close(Reply.timeout(hostname))
        case .draining:
            isDraining = true
            return []
        case .stopping:
            return close(Reply.shuttingDown(hostname))
        }
    }

    private mutating func take(_ frame: SMTPFraming.Event) -> [Action] {
        switch (phase, frame) {
        case (.command, .line(let line)):
            do throws(SMTPCommandError) {
                return command(try CommandParser.parse(line))
            } catch {
                return refuse(error)
            }
        case (.sasl(let exchange), .line(let line)):
            return continueLogin(exchange, line)
        case (.sasl, .lineTooLong):
            phase = .command
            return [send(Reply.responseTooLong)]
        case (_, .lineTooLong):
            return [send(Reply.command(.lineTooLong))]
        case (.data, .data(let bytes)):
            transaction?.append(bytes, limit: limits.messageSize, memory: memory)
            return []
        case (.data, .dataEnd(let flaws)):
            return dataEnded(flaws)
        case (.chunk(_, _, let refusal), .chunk(let bytes)):
            if refusal == nil { transaction?.appendChunk(bytes, limit: limits.messageSize, memory: memory) }
            return []
        case (.chunk(let size, let last, let refusal), .chunkEnd):
            return chunkEnded(size: size, last: last, refusal: refusal)
        default:
            // A frame that the phase did not ask for: a mistake of the loop. End rather than guess.
            return close(Reply.internalError(hostname))
        }
    }

    private mutating func refuse(_ error: SMTPCommandError) -> [Action] {
        let reply = Reply.command(error)
        if error == .unreadableChunkSize { return [.send(reply)] + close(Reply.outOfStep(hostname)) }
        return [send(reply)]
    }

    /// Counts refusals on the way out.
    mutating func send(_ reply: SMTPReply) -> Action {
        if reply.isPermanentFailure { errors += 1 }
        return .send(reply)
    }

    mutating func close(_ reply: SMTPReply) -> [Action] {
        phase = .closed
        transaction = nil
        return [.send(reply), .close]
    }
}
