// SPDX-License-Identifier: Apache-2.0
import MailFormat
import Testing

@testable import MailStore

@Suite struct AppendTests {
    @Test func uidsAndModseqsGrow() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        let before = try await store.highestModseq()
        let first = try await store.deliver(message("one"))
        let second = try await store.deliver(message("two"))
        #expect((first.uid, second.uid) == (1, 2))
        #expect(first.modseq > before && second.modseq > first.modseq)
        #expect(try await store.highestModseq() == second.modseq)
        let status = try await store.status(of: .inbox)
        #expect(status.state == MailboxState(uidValidity: first.uidValidity, uidNext: 3, highestModseq: second.modseq))
        // Not even the highest UID comes again.
        _ = try await store.expunge([2], in: second.mailbox)
        #expect(try await store.deliver(message("three")).uid == 3)
    }

    @Test func everythingIsKept() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        let flags = MessageFlags([.seen, .draft], keywords: ["$Forwarded", "work"])
        let date = InternalDate(seconds: 1_000_000_000, zoneMinutes: -330)
        let appended = try await store.append(
            message("kept"), to: store.mailbox(named: name("Drafts")), flags: flags, internalDate: date)
        let found = try #require(
            try await store.metadata(of: .all, in: appended.mailbox, with: [.header, .structure]).first)
        #expect(found.structure == MIMEPart(parsing: message("kept")))
        #expect(found.flags == flags && found.internalDate == date && found.modseq == appended.modseq)
        #expect(found.size == message("kept").count)
        #expect(found.header == Array(message("kept").prefix(found.headerSize)))
        #expect(found.header?.suffix(4) == [13, 10, 13, 10])
        #expect(try await store.read(found.body, found.headerSize..<found.headerSize + 5) == Array("Hello".utf8))
        #expect(try await store.read(found.body, found.size..<found.size + 5) == [])
        await #expect(throws: StoreError.noSuchBody) { try await store.read(BodyID(rawValue: 999), 0..<1) }
    }

    @Test func aDeliveryKeyStoresOnce() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        let first = try await store.deliver(message("one"), deliveryKey: "spool-1")
        let again = try await store.deliver(message("one"), deliveryKey: "spool-1")
        #expect(again.isDuplicate && again.uid == first.uid && !first.isDuplicate)
        _ = try await store.expunge([first.uid], in: first.mailbox)
        #expect(try await store.deliver(message("one"), deliveryKey: "spool-1").isDuplicate)
        #expect(try await store.uids().isEmpty)
        #expect(try await store.deliver(message("one"), deliveryKey: "spool-2").uid == 2)
        // The same key, many at once.
        let results = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask { try await store.deliver(message("x"), deliveryKey: "spool-3").isDuplicate }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.count { !$0 } == 1)
    }

    @Test func refusals() async throws {
        var limits = StoreLimits()
        limits.messageBytes = 1000
        let fixture = try await Fixture(limits: limits)
        let store = fixture.store
        await #expect(throws: StoreError.messageTooLarge(limit: 1000)) {
            try await store.deliver(Array(repeating: 65, count: 1001))
        }
        await #expect(throws: StoreError.noSuchMailbox) { try await store.deliver(message("x"), to: name("nowhere")) }
        await #expect(throws: StoreError.invalidKeyword("a b")) {
            try await store.deliver(message("x"), flags: .init(keywords: ["a b"]))
        }
        let appended = try await store.deliver(Array(repeating: 65, count: 1000))
        #expect(appended.uid == 1)
        #expect(!StoreError.noSuchMailbox.isTemporary && StoreError.diskFull.isTemporary)
    }

    @Test(arguments: [0, 1, 32 * 1024, 32 * 1024 + 1, 128 * 1024, 300_001, 3 * 1024 * 1024])
    func bytesComeBackAtEverySize(_ size: Int) async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        let head = Array("Subject: size\r\n\r\n".utf8)
        let bytes = (0..<size).map { $0 < head.count ? head[$0] : UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let appended = try await store.deliver(bytes)
        #expect(try await store.bytes(1, in: appended.mailbox) == bytes)
        let found = try #require(try await store.metadata(of: [1], in: appended.mailbox, with: .header).first)
        #expect(found.size == size)
        for start in [0, 1, 16, 17, 18, 131_071, 131_088, 131_089, size - 1] where start >= 0 && start < size {
            let piece = try await store.read(found.body, start..<start + 3000)
            #expect(piece == Array(bytes[start..<min(size, start + 3000)]))
        }
    }

    @Test func fiftyMegabytes() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        var bytes = message("large", header: "X-Large: yes\r\n")
        let line = Array((String(repeating: "0123456789abcdef", count: 4) + "\r\n").utf8)
        bytes.reserveCapacity(51 * 1024 * 1024)
        while bytes.count < 50 * 1024 * 1024 { bytes += line }
        let appended = try await store.deliver(bytes)
        let found = try #require(try await store.metadata(of: [1], in: appended.mailbox, with: .header).first)
        var offset = 0
        while true {
            let piece = try await store.read(found.body, offset..<offset + 10_000_000)
            if piece.isEmpty { break }
            #expect(piece.count <= StoreLimits.readBytes)
            try #require(piece == Array(bytes[offset..<offset + piece.count]))
            offset += piece.count
        }
        #expect(offset == bytes.count)
    }
}
