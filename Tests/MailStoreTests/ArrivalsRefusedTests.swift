// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import SealedSQLite
import Synchronization
import TestSupport
import Testing

@testable import MailStore

/// Sealed mail that does not open: put aside, told, tried again, and in nobody's way.
@Suite struct ArrivalsRefusedTests {
    @Test(arguments: [
        "UPDATE arrivals SET head = x'0101' WHERE id = 2",
        "UPDATE arrivals SET head = x'0201' || substr(head, 3) WHERE id = 2",
        "UPDATE arrivals SET head = x'0102' || substr(head, 3) WHERE id = 2",
        "UPDATE arrivals SET head = substr(head, 1, 2) || x'00' || substr(head, 4) WHERE id = 2",
        "UPDATE arrivals SET head = substr(head, 1, 1121) || x'00' WHERE id = 2",
        "UPDATE arrivals SET head = (SELECT head FROM arrivals WHERE id = 1) WHERE id = 2",
        "UPDATE arrivals SET arrival = zeroblob(16) WHERE id = 2",
        "UPDATE arrivals SET arrival = x'' WHERE id = 2",
        "UPDATE arrivals SET size = size + 1 WHERE id = 2",
        "UPDATE arrivals SET size = -1 WHERE id = 2",
        "UPDATE arrivals SET size = 9223372036854775000 WHERE id = 2",
        // The end, the middle, everything is missing; two changed places; one of another message.
        "DELETE FROM chunks WHERE id = (2 << 10) + 3",
        "DELETE FROM chunks WHERE id = (2 << 10) + 1",
        "DELETE FROM chunks WHERE id >> 10 = 2",
        "DELETE FROM chunks WHERE id = (2 << 10) + 3; UPDATE arrivals SET size = 393205 WHERE id = 2",
        "UPDATE chunks SET id = id + 500 WHERE id = (2 << 10) + 1; UPDATE chunks SET id = id - 1 WHERE id = (2 << 10) + 2;"
            + " UPDATE chunks SET id = id - 499 WHERE id = (2 << 10) + 501",
        "UPDATE chunks SET data = (SELECT data FROM chunks WHERE id = 1 << 10) WHERE id = 2 << 10",
        "UPDATE chunks SET data = x'00' || substr(data, 2) WHERE id = 2 << 10",
        "UPDATE chunks SET data = zeroblob(200000) WHERE id = 2 << 10",
        "UPDATE chunks SET data = x'' WHERE id = 2 << 10",
    ])
    func whatDoesNotOpenIsPutAside(_ damage: String) async throws {
        let world = try await ZeroAccessFixture()
        let messages = [filler(1_000), filler(3 * ArrivalSeal.chunkBytes + 5), filler(2_000)]
        for text in messages { try await world.arrivals.deliver(text) }
        try await world.tamper(damage)
        #expect(try await world.file() == Filed(messages: 2, refused: 1))
        #expect(try await world.inbox() == [messages[0], messages[2]])
        let state = try await world.arrivals.state()
        #expect(state.refused == 1 && state.waiting == 0)
        // It hinders nobody, and is not looked at all the time.
        try await world.arrivals.deliver(messages[2])
        #expect(try await world.file() == Filed(messages: 1, refused: 0))
        #expect(try await world.arrivals.state().refused == 1)
    }

    @Test func everyBitOfASealedMessageCounts() async throws {
        let world = try await ZeroAccessFixture()
        let sender = try ArrivalSender(to: world.key.publicKey, of: world.account)
        func seal() throws -> [UInt8] {
            var sender = sender
            return [UInt8](try sender.seal(ArrivalHeader(arrived: .now()).bytes + Array("text".utf8), isLast: true))
        }
        func opens(_ head: [UInt8], _ id: [UInt8], _ chunk: [UInt8], isLast: Bool = true) -> Bool {
            guard
                var recipient = try? ArrivalRecipient(head: head, id: id, account: world.account, key: world.key)
            else { return false }
            return (try? recipient.open(Data(chunk), isLast: isLast)) != nil
        }
        let chunk = try seal()
        #expect(opens(sender.head, sender.id, chunk))
        #expect(!opens(sender.head, sender.id, chunk, isLast: false))
        for bit in stride(from: 0, to: sender.head.count * 8, by: 7) {
            var head = sender.head
            head[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!opens(head, sender.id, chunk), "bit \(bit) of the head")
        }
        for bit in 0..<chunk.count * 8 {
            var chunk = chunk
            chunk[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!opens(sender.head, sender.id, chunk), "bit \(bit) of the chunk")
        }
    }

    @Test func mailOfAnotherAccountDoesNotOpen() async throws {
        let (mine, theirs) = (try await ZeroAccessFixture(), try await ZeroAccessFixture())
        // Sealed to my key, but for them; then its rows are moved.
        let place = ArrivalsPlace(
            account: theirs.account, file: theirs.place.file, key: theirs.place.key, publicKey: mine.key.publicKey)
        try await Arrivals(place: place, directory: theirs.inbound).deliver(message("theirs"))
        let (arrival, head, data) = try await theirs.arrivals.read { db in
            let row = try #require(try Row.fetchOne(db, sql: "SELECT arrival, head, data FROM arrivals, chunks"))
            return (row[0] as Data, row[1] as Data, row[2] as Data)
        }
        try await mine.tamper(
            "INSERT INTO arrivals (id, arrival, at, size, head) VALUES (1, ?, 0, ?, ?)",
            [arrival, message("theirs").count, head])
        try await mine.tamper("INSERT INTO chunks VALUES (1 << 10, ?)", [data])
        try await mine.arrivals.deliver(message("mine"))
        #expect(try await mine.file() == Filed(messages: 1, refused: 1))
        #expect(try await mine.inbox() == [message("mine")])
    }

    @Test func whatDidNotOpenIsTriedAgainAfterADay() async throws {
        let world = try await ZeroAccessFixture()
        try await world.arrivals.deliver(message("mended"))
        let chunk = try await world.arrivals.read { try Data.fetchOne($0, sql: "SELECT data FROM chunks") }
        try await world.tamper("UPDATE chunks SET data = x''")
        #expect(try await world.file().refused == 1)
        try await world.tamper("UPDATE chunks SET data = ?", [chunk])
        #expect(try await world.file() == Filed())
        try await world.tamper("UPDATE arrivals SET refused = refused - 86401")
        #expect(try await world.file() == Filed(messages: 1, refused: 0))
        #expect(try await world.arrivals.state().waiting == 0)
    }
}
