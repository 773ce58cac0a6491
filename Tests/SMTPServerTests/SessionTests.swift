// SPDX-License-Identifier: Apache-2.0

import SMTPServer
import ServiceKit
import Testing

@Suite struct SessionTests {
    private func conversation(_ memory: MessageMemory, _ backend: TableBackend = TableBackend()) -> Conversation {
        Conversation(
            session: Session(hostname: "mx.example.org", role: .exchange, isTLS: false, memory: memory),
            backend: backend)
    }

    @Test func memoryIsGivenBack() async {
        let memory = MessageMemory(limit: 1_000)
        var talk = conversation(memory)
        _ = await talk.begin()
        let start = Array("HELO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<anna@example.org>\r\nDATA\r\nhello\r\n".utf8)
        _ = await talk.receive(start)
        #expect(memory.inUse == 7)
        _ = await talk.receive(Array(".\r\n".utf8))
        #expect(memory.inUse == 0)
        // A connection that breaks in the middle of a message
        var broken: Conversation? = conversation(memory)
        _ = await broken?.begin()
        _ = await broken?.receive(start)
        #expect(memory.inUse == 7)
        broken = nil
        #expect(memory.inUse == 0)
    }

    @Test func messageLimitEndsTheConnection() async {
        var limits = SessionLimits()
        limits.messages = 2
        var talk = Conversation(
            session: Session(
                hostname: "mx.example.org", role: .exchange, isTLS: false, limits: limits,
                memory: MessageMemory(limit: 64 << 20)),
            backend: TableBackend())
        _ = await talk.begin()
        let message = "MAIL FROM:<a@b.c>\r\nRCPT TO:<anna@example.org>\r\nDATA\r\nhello\r\n.\r\n"
        let step = await talk.receive(Array("HELO x\r\n\(message)\(message)\(message)".utf8))
        #expect(step.next == .close)
        let text = String(decoding: step.output, as: UTF8.self)
        #expect(text.contains("421 4.7.0"))
        #expect(text.split(separator: "\r\n").filter { $0.hasPrefix("250 2.0.0 Accepted") }.count == 2)
    }

    @Test func hostileInputNeverTraps() async {
        // A cheap fuzz, the same in every run: bits of real commands in random order, cut at random places.
        var random = SplitMix(state: 7)
        let words = [
            "EHLO x\r\n", "MAIL FROM:<a@b.c>", "\r\n", "RCPT TO:<anna@example.org>\r\n", "DATA\r\n", "\r\n.\r\n",
            "BDAT 5",
            " LAST", "\n", "\r", "\0", ".", "AUTH PLAIN", " AAAA", "STARTTLS\r\n", "RSET\r\n", "\u{ff}", "<", "\"",
            "BDAT 3\r\n", "MAIL FROM:<>\r\n",
        ]
        for _ in 0..<300 {
            var talk = Conversation(
                session: Session(
                    hostname: "h", role: SessionRole.allCases[Int(random.next() % 3)], isTLS: random.next() % 2 == 0,
                    memory: MessageMemory(limit: 64 << 20)),
                backend: TableBackend())
            var step = await talk.begin()
            for _ in 0..<60 where step.next != .close {
                let word = words[Int(random.next() % UInt64(words.count))]
                step = step.next == .startTLS ? await talk.tlsStarted() : await talk.receive(Array(word.utf8))
                #expect(step.output.isEmpty || step.output.suffix(2) == [0x0D, 0x0A])
            }
        }
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
