// SPDX-License-Identifier: Apache-2.0

import OutgoingQueue
import SMTPGrammar

/// The client's side of a conversation (RFC 5321): what the server says in, what to do out. No socket.
package struct ClientSession: Sendable {
    package enum Event: Sendable, Equatable {
        case reply(SMTPReply)
        /// The message and its end are written.
        case contentSent
        /// The lease was lost, or the message cannot be read: it must not be sent.
        case contentWithheld
        /// The connection ended, also in the TLS handshake; or a reply that cannot be read.
        case lost(String)
        case timedOut
    }

    package enum Action: Sendable, Equatable {
        case send([SMTPCommand])
        /// Shake hands; what the server says next comes through TLS.
        case startTLS
        /// Write the message and its end.
        case sendContent
        case close
    }

    private enum State: Equatable {
        case greeting
        case ehlo
        case helo
        case startTLS
        /// Envelope commands that are sent or wait to be.
        case envelope
        case data
        case content
        case contentEnd
        case quit
        case over
    }

    private enum Step: Equatable {
        case mail
        case recipient(Int64, ForwardPath)
    }

    private let hello: String
    private let transaction: ClientTransaction
    private let mayUseTLS: Bool
    private var state = State.greeting
    private var isEncrypted = false
    /// After STARTTLS until the server's next word.
    private var isShakingHands = false
    private var extensions = SMTPExtensions()
    private var unsent: ArraySlice<Step> = []
    private var unanswered: ArraySlice<Step> = []
    private var accepted: [Int64] = []

    /// Final when an action was `.close`.
    package private(set) var outcome = ClientOutcome()

    /// - Parameters:
    ///   - hello: our name.
    ///   - mayUseTLS: false on a second try, after TLS failed.
    package init(hello: String, transaction: ClientTransaction, mayUseTLS: Bool) {
        self.hello = hello
        self.transaction = transaction
        self.mayUseTLS = mayUseTLS
    }

    /// Seconds to wait for the next event (RFC 5321 section 4.5.3.2).
    package var timeout: Int {
        switch state {
        case .greeting, .ehlo, .helo, .startTLS, .envelope: ClientLimits.commandSeconds
        case .data: ClientLimits.dataSeconds
        case .content: ClientLimits.contentBlockSeconds
        case .contentEnd: ClientLimits.contentEndSeconds
        case .quit, .over: ClientLimits.quitSeconds
        }
    }

    package mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .reply(let reply): return handle(reply)
        case .contentSent:
            guard state == .content else { return [] }
            state = .contentEnd
            return []
        case .contentWithheld: return end(.interrupted(status: "4.3.0", reply: "delivery was stopped here"))
        case .lost(let reason): return isShakingHands ? end(.tlsFailed) : broken("connection lost: \(reason)")
        case .timedOut: return isShakingHands ? end(.tlsFailed) : broken("no answer in time")
        }
    }

    private mutating func handle(_ reply: SMTPReply) -> [Action] {
        isShakingHands = false
        if reply.code == 421, state != .quit, state != .over { return broken(reply.description) }
        switch state {
        case .greeting:
            guard reply.isPositive else { return unusable(reply) }
            return greet()
        case .ehlo:
            if reply.isPositive {
                extensions = SMTPExtensions(reply)
                return afterHello()
            }
            guard reply.isPermanentFailure, !isEncrypted else { return unusable(reply) }
            state = .helo
            return [.send([.helo(hello)])]
        case .helo:
            guard reply.isPositive else { return unusable(reply) }
            extensions = SMTPExtensions()
            return beginEnvelope()
        case .startTLS:
            // What does not want TLS gets the message as it would have without offering it.
            guard reply.code == 220 else { return beginEnvelope() }
            isEncrypted = true
            isShakingHands = true
            state = .ehlo
            return [.startTLS, .send([.ehlo(hello)])]
        case .envelope: return answered(reply)
        case .data:
            guard reply.code == 354 else { return decideAccepted(reply) }
            state = .content
            return [.sendContent]
        case .content, .contentEnd: return decideAccepted(reply)
        case .quit, .over:
            state = .over
            return [.close]
        }
    }

    private mutating func greet() -> [Action] {
        state = .ehlo
        return [.send([.ehlo(hello)])]
    }

    private mutating func afterHello() -> [Action] {
        guard extensions.startTLS, !isEncrypted, mayUseTLS else { return beginEnvelope() }
        state = .startTLS
        return [.send([.startTLS])]
    }

    private mutating func beginEnvelope() -> [Action] {
        if transaction.needsSMTPUTF8, !extensions.smtpUTF8 {
            return decideAll(
                AttemptResult(.failed, status: "5.6.7", reply: "the server takes no internationalized addresses"))
        }
        if let limit = extensions.maximumSize, transaction.size > limit {
            return decideAll(
                AttemptResult(.failed, status: "5.3.4", reply: "the server takes messages of at most \(limit) octets"))
        }
        state = .envelope
        unsent = ArraySlice([.mail] + transaction.recipients.map { .recipient($0.id, $0.path) })
        return sendEnvelope()
    }

    /// All at once where the server knows PIPELINING, else one by one.
    private mutating func sendEnvelope() -> [Action] {
        let steps = extensions.pipelining ? unsent : unsent.prefix(1)
        unsent = unsent.dropFirst(steps.count)
        unanswered += steps
        return [.send(steps.map(command))]
    }

    private func command(_ step: Step) -> SMTPCommand {
        switch step {
        case .mail:
            var parameters = MailParameters()
            if extensions.size { parameters.size = transaction.size }
            if extensions.eightBitMIME, transaction.isEightBit { parameters.body = .eightBitMIME }
            parameters.smtpUTF8 = transaction.needsSMTPUTF8
            return .mail(transaction.reversePath, parameters)
        case .recipient(_, let path): return .rcpt(path)
        }
    }

    private mutating func answered(_ reply: SMTPReply) -> [Action] {
        switch unanswered.popFirst() {
        case .mail: if !reply.isPositive { return decideAll(Self.result(reply)) }
        case .recipient(let id, _):
            if reply.isPositive {
                accepted.append(id)
            } else {
                outcome.results[id] = Self.result(reply, isRecipient: true)
            }
        case nil: return broken("an answer that nobody asked for")
        }
        if !unsent.isEmpty, unanswered.isEmpty { return sendEnvelope() }
        guard unanswered.isEmpty else { return [] }
        guard !accepted.isEmpty else { return quit() }
        state = .data
        return [.send([.data])]
    }

    /// Those whose RCPT was accepted share the answer to the message.
    private mutating func decideAccepted(_ reply: SMTPReply) -> [Action] {
        // A server that answers before the end of the message, or with 2xx or 3xx to DATA itself, is out of step.
        if reply.isPositive, state != .contentEnd { return broken("out of step: \(reply.description)") }
        if reply.code < 300 {
            for id in accepted {
                outcome.results[id] = AttemptResult(.delivered, status: Self.status(reply), reply: reply.description)
            }
        } else {
            for id in accepted { outcome.results[id] = Self.result(reply) }
        }
        // Before the end of the message QUIT would be content.
        guard state != .content else {
            state = .over
            return [.close]
        }
        return quit()
    }

    private mutating func decideAll(_ result: AttemptResult) -> [Action] {
        for (id, _) in transaction.recipients where outcome.results[id] == nil { outcome.results[id] = result }
        return quit()
    }

    private mutating func quit() -> [Action] {
        state = .quit
        return [.send([.quit])]
    }

    private mutating func unusable(_ reply: SMTPReply) -> [Action] {
        outcome.failure = .serverUnusable(status: "4.4.0", reply: reply.description)
        return quit()
    }

    /// The server is gone. Before DATA nothing was taken, so that another server may get all that is undecided.
    private mutating func broken(_ reason: String) -> [Action] {
        switch state {
        case .quit, .over:
            state = .over
            return [.close]
        case .content, .contentEnd: return end(.interrupted(status: "4.4.2", reply: reason))
        default: return end(.serverUnusable(status: "4.4.2", reply: reason))
        }
    }

    private mutating func end(_ failure: ClientFailure) -> [Action] {
        if state != .quit, state != .over { outcome.failure = failure }
        state = .over
        return [.close]
    }

    /// RFC 5321 section 4.5.3.1.10: 552 to a recipient means "too many for now".
    private static func result(_ reply: SMTPReply, isRecipient: Bool = false) -> AttemptResult {
        let isPermanent = reply.isPermanentFailure && !(isRecipient && reply.code == 552)
        return AttemptResult(
            isPermanent ? .failed : .deferred, status: status(reply, isPermanent), reply: reply.description)
    }

    private static func status(_ reply: SMTPReply, _ isPermanent: Bool? = nil) -> String {
        let first = isPermanent.map { $0 ? 5 : 4 } ?? 2
        if let enhanced = reply.enhanced, enhanced.statusClass == first { return enhanced.description }
        return "\(first).0.0"
    }
}
