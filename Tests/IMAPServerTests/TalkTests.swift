// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@Suite struct TalkTests {
    @Test(arguments: try TalkScript.names(in: "imap"), [Int?.none, 1, 7])
    func conversation(name: String, piece: Int?) async throws {
        let talk = try Talk(name: name)
        let world = try await World()
        try await talk.run(piece: piece) { try await world.connect(isTLS: !talk.isClear) }
        await world.directory.close()
    }

    /// A session that waits in IDLE is told of what another one does, without asking.
    @Test func idleIsWoken() async throws {
        let world = try await World()
        let (idle, other) = (try await world.connect(isTLS: true), try await world.connect(isTLS: true))
        for line in [idle, other] { try await line.send(Array("l LOGIN anna@example.org secret-1\r\n".utf8)) }
        try await idle.send(Array("a SELECT INBOX\r\nb IDLE\r\n".utf8))
        _ = idle.take()
        try await other.send(Array("a APPEND INBOX {5+}\r\na: b\n\r\n".utf8))
        #expect(String(decoding: other.take(), as: UTF8.self).contains("a OK [APPENDUID"))
        var heard = ""
        for _ in 0..<1_000 where !heard.contains("* 1 EXISTS") {
            try await idle.settled()
            heard += String(decoding: idle.take(), as: UTF8.self)
            await Task.yield()
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(heard.contains("* 1 EXISTS\r\n"))
        try await idle.send(Array("DONE\r\n".utf8))
        #expect(String(decoding: idle.take(), as: UTF8.self).contains("b OK"))
        await world.directory.close()
    }
}
