// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailStore
import TestSupport
import Testing

@Suite struct FetchTests {
    /// More structure than the store gives at once: all are told, in order, those that are gone left out.
    @Test func largeStructuresAreToldInSteps() async throws {
        let world = try await World()
        let store = try await world.store(for: world.account)
        let text =
            "Subject: parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"
            + String(repeating: "--B\r\n\r\n\r\n", count: 9_990) + "--B--\r\n"
        let first = try await store.deliver(Array(text.utf8))
        for _ in 1..<7 { _ = try await store.copy([first.uid], from: first.mailbox, to: .inbox) }
        let line = try await world.connect(isTLS: true)
        try await line.send(Array("a LOGIN anna@example.org secret-1\r\nb SELECT INBOX\r\n".utf8))
        _ = line.take()
        // Another session removes one in the middle and the last.
        _ = try await store.expunge([3, 7], in: first.mailbox)
        try await line.send(Array("c FETCH 1:* (UID BODYSTRUCTURE)\r\n".utf8))
        let answer = String(decoding: line.take(), as: UTF8.self)
        let told = answer.split(separator: "\r\n").filter { $0.contains("BODYSTRUCTURE") }.map { $0.prefix { $0 != "B" } }
        #expect(told == [1, 2, 4, 5, 6].map { "* \($0) FETCH (UID \($0) " })
        #expect(answer.hasSuffix("c OK done\r\n"))
        await world.directory.close()
    }
}
