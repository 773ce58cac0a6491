// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite struct SessionTests {
    static let login = "USER anna@example.org\r\nPASS secret-1\r\n"
    static let loggedIn = "+OK Mailkeep\r\n+OK and the password\r\n"
    static let first = "Subject: one\r\n\r\n.\r\na\r\nb\r\n"
    static let second = "Subject: two\r\n\r\nlast\r\n"

    /// RFC 1939's whole session, every command pipelined.
    @Test func aWholeSession() async throws {
        let world = try await World(messages: [Self.first, Self.second])
        let said = try await world.talk([
            Self.login
                + "STAT\r\nLIST\r\nLIST 2\r\nRETR 1\r\nTOP 1 2\r\nTOP 2 0\r\nDELE 1\r\nRETR 1\r\nSTAT\r\nLIST\r\nRSET\r\nSTAT\r\nNOOP\r\nQUIT\r\n"
        ])
        #expect(
            said == Self.loggedIn + "+OK 2 messages\r\n+OK 2 47\r\n+OK 2 messages\r\n1 25\r\n2 22\r\n.\r\n+OK 2 22\r\n"
                + "+OK 25 octets\r\nSubject: one\r\n\r\n..\r\na\r\nb\r\n.\r\n"
                + "+OK top of message follows\r\nSubject: one\r\n\r\n..\r\na\r\n.\r\n"
                + "+OK top of message follows\r\nSubject: two\r\n\r\n.\r\n"
                + "+OK marked\r\n-ERR no such message\r\n+OK 1 22\r\n"
                + "+OK 1 messages\r\n2 22\r\n.\r\n+OK nothing is marked\r\n+OK 2 47\r\n+OK \r\n+OK bye\r\n")
        #expect(world.announced.withLock { $0 } == 0)
    }

    @Test func onlyQuitDeletes() async throws {
        let world = try await World(messages: [Self.first, Self.second])
        _ = try await world.talk([Self.login + "DELE 1\r\n"])
        #expect(try await world.talk([Self.login + "STAT\r\n"]).hasSuffix("+OK 2 47\r\n"))
        #expect(try await world.talk([Self.login + "DELE 1\r\nQUIT\r\n"]).hasSuffix("+OK bye\r\n"))
        #expect(world.announced.withLock { $0 } == 1)
        #expect(try await world.talk([Self.login + "LIST\r\n"]).hasSuffix("1 22\r\n.\r\n"))
    }

    /// A unique id stays when messages before it go, and is not used again.
    @Test func uniqueIDsStay() async throws {
        let world = try await World(messages: [Self.first, Self.second])
        func ids() async throws -> [Substring] {
            let said = try await world.talk([Self.login + "UIDL\r\n"])
            return said.split(separator: "\r\n").dropFirst(4).dropLast().map { $0.split(separator: " ")[1] }
        }
        let before = try await ids()
        #expect(before.count == 2 && before.allSatisfy { (1...70).contains($0.count) })
        _ = try await world.talk([Self.login + "DELE 1\r\nDELE 2\r\nQUIT\r\n"])
        try await world.deliver(Self.second)
        let after = try await ids()
        #expect(after.count == 1 && !before.contains(after[0]))
    }

    @Test func nothingBeforeTLS() async throws {
        let world = try await World(messages: [])
        let said = try await world.talk(
            [
                "CAPA\r\nUSER anna@example.org\r\nAUTH PLAIN\r\nSTAT\r\nSTLS\r\nUSER injected\r\n",
                "CAPA\r\nPASS secret-1\r\n",
            ], isTLS: false)
        #expect(
            said
                == "+OK Mailkeep\r\n+OK what this server can\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\n"
                + "EXPIRE NEVER\r\nSTLS\r\n.\r\n-ERR no passwords outside TLS\r\n-ERR no passwords outside TLS\r\n-ERR log in first\r\n"
                + "+OK begin TLS\r\n+OK what this server can\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\n"
                + "EXPIRE NEVER\r\nUSER\r\nSASL PLAIN\r\n.\r\n-ERR USER comes first\r\n")
    }

    @Test(arguments: [
        ["AUTH PLAIN AGFubmFAZXhhbXBsZS5vcmcAc2VjcmV0LTE=\r\n"],
        ["AUTH PLAIN\r\n", "AGFubmFAZXhhbXBsZS5vcmcAc2VjcmV0LTE=\r\n"],
    ])
    func saslPlain(pieces: [String]) async throws {
        let world = try await World(messages: [Self.first])
        #expect(try await world.talk(pieces).hasSuffix("+OK 1 messages\r\n"))
    }

    @Test func wrongLoginsEndTheSession() async throws {
        let world = try await World(messages: [])
        let wrong = "USER anna@example.org\r\nPASS guess\r\n"
        let said = try await world.talk([String(repeating: wrong, count: 9)])
        #expect(said.components(separatedBy: "-ERR [AUTH]").count == 6)
        #expect(
            try await world.talk(["AUTH PLAIN\r\n*\r\nAUTH PLAIN !\r\nAUTH CRAM-MD5\r\n"]).components(
                separatedBy: "-ERR"
            ).count == 4)
    }

    @Test func nonsenseHasAnEnd() async throws {
        let world = try await World(messages: [])
        let said = try await world.talk([String(repeating: "HELLO\r\n", count: 100)])
        #expect(said.components(separatedBy: "-ERR").count == 21)
    }

    /// Sessions share the maildrop (docs/decisions/0010): what comes or goes elsewhere moves no numbers, what another
    /// session removed can still be read, and removing it once more is no error.
    @Test func theMaildropIsThatOfTheLogin() async throws {
        let world = try await World(messages: [Self.first, Self.second])
        let said = try await world.talk([Self.login, "STAT\r\nRETR 1\r\nDELE 1\r\nDELE 3\r\nQUIT\r\n"]) { piece in
            guard piece == 1 else { return }
            #expect(try await world.talk([Self.login + "DELE 1\r\nQUIT\r\n"]).hasSuffix("+OK bye\r\n"))
            try await world.deliver(Self.second)
        }
        #expect(
            said.hasSuffix(
                "+OK 2 47\r\n+OK 25 octets\r\nSubject: one\r\n\r\n..\r\na\r\nb\r\n.\r\n+OK marked\r\n-ERR no such message\r\n"
                    + "+OK bye\r\n"))
        #expect(try await world.talk([Self.login]).hasSuffix("+OK 2 messages\r\n"))
        #expect(world.announced.withLock { $0 } == 1)
    }

    @Test func aLineThatIsTooLong() async throws {
        let world = try await World(messages: [Self.first])
        let longer = String(repeating: "x", count: 13_000)
        let said = try await world.talk([Self.login, longer + "\r\nSTAT\r\n"])
        #expect(said.hasSuffix("-ERR the line is too long\r\n+OK 1 25\r\n"))
    }
}
