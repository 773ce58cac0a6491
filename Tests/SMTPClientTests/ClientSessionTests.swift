// SPDX-License-Identifier: Apache-2.0
import OutgoingQueue
import SMTPGrammar
import Testing

@testable import SMTPClient

/// Whole conversations without a socket: what the server says, what we do.
@Suite struct ClientSessionTests {
    static func session(
        to recipients: [String] = ["b@x.example"], size: Int = 100, isEightBit: Bool = false,
        needsSMTPUTF8: Bool = false,
        mayUseTLS: Bool = true
    ) throws -> ClientSession {
        let paths = try recipients.enumerated().map { number, text in
            (id: Int64(number + 1), path: ForwardPath.mailbox(try #require(PathParser.mailbox(Array(text.utf8)[...]))))
        }
        let sender = try #require(PathParser.mailbox(Array("a@y.example".utf8)[...]))
        return ClientSession(
            hello: "mx.y.example",
            transaction: ClientTransaction(
                reversePath: .mailbox(sender), recipients: paths, size: size, isEightBit: isEightBit,
                needsSMTPUTF8: needsSMTPUTF8), mayUseTLS: mayUseTLS)
    }

    /// `S:` what the server says, `(…)` another event, `C:` what has to come of it.
    static func play(_ session: inout ClientSession, _ script: String) throws {
        var done: [String] = []
        for line in script.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) where !line.isEmpty {
            if line.hasPrefix("C: ") {
                #expect(
                    done.isEmpty ? "nothing" == line.dropFirst(3) : done.removeFirst() == line.dropFirst(3), "\(line)")
                continue
            }
            #expect(done == [], "unexpected before \(line)")
            done = session.handle(try event(String(line))).flatMap(Self.written)
        }
        #expect(done == [], "at the end")
    }

    private static func event(_ line: String) throws -> ClientSession.Event {
        switch line {
        case "(content sent)": return .contentSent
        case "(withheld)": return .contentWithheld
        case "(lost)": return .lost("gone")
        case "(timed out)": return .timedOut
        default:
            var parser = SMTPReplyParser()
            parser.append(Array((line.dropFirst(3).replacing("|", with: "\r\n") + "\r\n").utf8))
            return .reply(try #require(try parser.next()))
        }
    }

    private static func written(_ action: ClientSession.Action) -> [String] {
        switch action {
        case .send(let commands): commands.map { String(decoding: $0.encoded().dropLast(2), as: UTF8.self) }
        case .startTLS: ["(TLS)"]
        case .sendContent: ["(content)"]
        case .close: ["(close)"]
        }
    }

    @Test func aMessageGoesOut() throws {
        var session = try Self.session(to: ["b@x.example", "c@x.example"])
        try Self.play(
            &session,
            """
            S: 220 hello
            C: EHLO mx.y.example
            S: 250-hi|250-PIPELINING|250 SIZE 1000
            C: MAIL FROM:<a@y.example> SIZE=100
            C: RCPT TO:<b@x.example>
            C: RCPT TO:<c@x.example>
            S: 250 ok
            S: 550 5.1.1 nobody
            S: 250 ok
            C: DATA
            S: 354 go on
            C: (content)
            (content sent)
            S: 250 2.0.0 queued as 7
            C: QUIT
            S: 221 bye
            C: (close)
            """)
        #expect(session.outcome.failure == nil)
        #expect(session.outcome.results[1] == AttemptResult(.failed, status: "5.1.1", reply: "550 5.1.1 nobody"))
        #expect(session.outcome.results[2]?.outcome == .delivered && session.outcome.results[2]?.status == "2.0.0")
    }

    @Test func withoutPipeliningOneByOne() throws {
        var session = try Self.session(to: ["b@x.example", "c@x.example"])
        try Self.play(
            &session,
            """
            S: 220 hello
            C: EHLO mx.y.example
            S: 502 what?
            C: HELO mx.y.example
            S: 250 hi
            C: MAIL FROM:<a@y.example>
            S: 250 ok
            C: RCPT TO:<b@x.example>
            S: 451 4.3.0 later
            C: RCPT TO:<c@x.example>
            S: 552 too many
            C: QUIT
            S: 221 bye
            C: (close)
            """)
        #expect(session.outcome.results[1]?.outcome == .deferred && session.outcome.results[1]?.status == "4.3.0")
        // RFC 5321 section 4.5.3.1.10
        #expect(session.outcome.results[2]?.outcome == .deferred)
    }

    static let untilTLS = """
        S: 220 hello
        C: EHLO mx.y.example
        S: 250-hi|250 STARTTLS

        """
    static let toTLS = untilTLS + "C: STARTTLS\n"

    @Test func TLSWhereItIsOffered() throws {
        var session = try Self.session()
        try Self.play(
            &session,
            Self.toTLS + """
                S: 220 go
                C: (TLS)
                C: EHLO mx.y.example
                S: 250-hi|250-STARTTLS|250 8BITMIME
                C: MAIL FROM:<a@y.example>
                S: 421 4.3.2 closing
                C: (close)
                """)
        guard case .serverUnusable? = session.outcome.failure else {
            Issue.record("\(session.outcome)")
            return
        }
    }

    @Test func aHandshakeThatFailsIsTriedInClear() throws {
        var session = try Self.session()
        try Self.play(&session, Self.toTLS + "S: 220 go\nC: (TLS)\nC: EHLO mx.y.example\n(lost)\nC: (close)")
        #expect(session.outcome.failure == .tlsFailed)
        var again = try Self.session(mayUseTLS: false)
        try Self.play(&again, Self.untilTLS + "C: MAIL FROM:<a@y.example>")
    }

    @Test func aServerThatRefusesTLSGetsItInClear() throws {
        var session = try Self.session()
        try Self.play(
            &session,
            Self.toTLS + """
                S: 454 4.7.0 not now
                C: MAIL FROM:<a@y.example>
                """)
    }

    @Test(arguments: [(true, " BODY=8BITMIME"), (false, "")])
    func eightBitsAreNamed(isEightBit: Bool, parameter: String) throws {
        var session = try Self.session(isEightBit: isEightBit)
        try Self.play(
            &session,
            """
            S: 220 hello
            C: EHLO mx.y.example
            S: 250-hi|250 8BITMIME
            C: MAIL FROM:<a@y.example>\(parameter)
            """)
    }

    @Test(arguments: [
        ("SIZE 99", false, "5.3.4"), ("SIZE 0", false, nil), ("SIZE", false, nil), ("PIPELINING", true, "5.6.7"),
        ("SMTPUTF8", true, nil),
    ])
    func whatAServerCannotTakeIsNotTried(keyword: String, needsSMTPUTF8: Bool, status: String?) throws {
        var session = try Self.session(needsSMTPUTF8: needsSMTPUTF8)
        _ = session.handle(try Self.event("S: 220 hello"))
        let actions = session.handle(try Self.event("S: 250-hi|250 \(keyword)")).flatMap(Self.written)
        #expect(
            session.outcome.results[1]?.status == status
                && session.outcome.results[1]?.outcome == status.map { _ in .failed })
        #expect((actions == ["QUIT"]) == (status != nil), "\(actions)")
    }

    static let toContent = """
        S: 220 hello
        C: EHLO mx.y.example
        S: 250 hi
        C: MAIL FROM:<a@y.example>
        S: 250 ok
        C: RCPT TO:<b@x.example>
        S: 250 ok
        C: DATA
        S: 354 go
        C: (content)

        """

    /// After the message went out nobody knows: it is neither delivered nor to be sent elsewhere at once.
    @Test(arguments: [
        "(content sent)\n(lost)\nC: (close)", "(content sent)\n(timed out)\nC: (close)", "(lost)\nC: (close)",
        "(content sent)\nS: 421 closing\nC: (close)", "(withheld)\nC: (close)",
    ])
    func anUnknownEndIsInterrupted(end: String) throws {
        var session = try Self.session()
        try Self.play(&session, Self.toContent + end)
        guard case .interrupted? = session.outcome.failure else {
            Issue.record("\(session.outcome)")
            return
        }
        #expect(session.outcome.results.isEmpty)
    }

    /// Before it, another server may be tried.
    @Test(arguments: ["S: 554 no", "S: 421 busy", "(lost)", "(timed out)"])
    func aServerThatDoesNotBeginIsUnusable(start: String) throws {
        var session = try Self.session()
        _ = session.handle(try Self.event(start))
        _ = session.handle(.lost("gone"))
        guard case .serverUnusable? = session.outcome.failure else {
            Issue.record("\(session.outcome)")
            return
        }
    }

    @Test(arguments: [
        ("554 5.7.1 spam", AttemptResult.Outcome.failed, "5.7.1"), ("451 busy", .deferred, "4.0.0"),
        ("550 no", .failed, "5.0.0"),
    ])
    func theAnswerToTheMessageCounts(answer: String, outcome: AttemptResult.Outcome, status: String) throws {
        var session = try Self.session()
        try Self.play(&session, Self.toContent + "(content sent)\nS: \(answer)\nC: QUIT\nS: 221 bye\nC: (close)")
        #expect(session.outcome.results[1]?.outcome == outcome && session.outcome.results[1]?.status == status)
    }

    @Test func anAcceptedMessageStaysAcceptedWhenTheServerHangsUp() throws {
        var session = try Self.session()
        try Self.play(&session, Self.toContent + "(content sent)\nS: 250 ok\nC: QUIT\n(lost)\nC: (close)")
        #expect(session.outcome.results[1]?.outcome == .delivered && session.outcome.failure == nil)
    }

    /// A 250 before the message ended was said to nothing.
    @Test func aServerOutOfStepDeliversNothing() throws {
        var session = try Self.session()
        try Self.play(&session, Self.toContent + "S: 250 ok\nC: (close)")
        #expect(session.outcome.results.isEmpty && session.outcome.failure != nil)
    }
}
