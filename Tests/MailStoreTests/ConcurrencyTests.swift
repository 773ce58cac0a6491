// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import SealedSQLite
import Testing

@testable import MailStore

@Suite struct ConcurrencyTests {
    /// Two directories are two processes' worth: their connections share nothing but the file.
    @Test func deliveriesFromEverywhereAreUniqueAndGapless() async throws {
        let fixture = try await Fixture()
        let other = fixture.another()
        let stores = [fixture.store, try await other.store(for: fixture.account)]
        let count = 200
        let clock = ContinuousClock()
        let start = clock.now
        let appended = try await withThrowingTaskGroup(of: (Int, Appended).self) { group in
            for index in 0..<count {
                let store = stores[index % 2]
                group.addTask { (index, try await store.deliver(message("m\(index)", "text \(index)"))) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let seconds = (clock.now - start) / .seconds(1)
        print("benchmark: \(count) concurrent deliveries by two pools: \(Int(Double(count) / seconds))/s")
        #expect(appended.map(\.1.uid).sorted() == Array(1...UInt32(count)))
        #expect(Set(appended.map(\.1.modseq)).count == count)
        // In the order of the UIDs, modseqs grow.
        let ordered = appended.map(\.1).sorted { $0.uid < $1.uid }.map(\.modseq)
        #expect(ordered == ordered.sorted())
        for (index, result) in appended {
            #expect(try await stores[1].bytes(result.uid, in: result.mailbox) == message("m\(index)", "text \(index)"))
        }
        await other.close()
    }

    @Test func oneAfterTheOther() async throws {
        let fixture = try await Fixture()
        let clock = ContinuousClock()
        let start = clock.now
        let count = 100
        let bytes = message("benchmark", String(repeating: "Some words of a message, as they are. ", count: 200))
        for _ in 0..<count { _ = try await fixture.store.deliver(bytes) }
        let seconds = (clock.now - start) / .seconds(1)
        print("benchmark: deliveries of \(bytes.count) bytes one after the other: \(Int(Double(count) / seconds))/s")
        #expect(try await fixture.store.uids().count == count)
    }

    @Test func aReaderSeesOneMoment() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        async let writing: Void = {
            for index in 0..<50 { _ = try await store.deliver(message("\(index)")) }
        }()
        for _ in 0..<50 {
            let snapshot = try await store.select(.inbox)
            #expect(snapshot.messages.uids == Array(1..<snapshot.state.uidNext))
            #expect(snapshot.messages.modseqs.allSatisfy { $0 <= snapshot.state.highestModseq })
        }
        try await writing
    }

    @Test func filesAreBounded() async throws {
        let fixture = try await Fixture()
        let key = SealedKey.random()
        let directory = AccountDirectory(root: fixture.root + "/many", limit: 8) { AccountFileKey($0, key) }
        let accounts = (0..<200).map { _ in AccountID.random() }
        var stores: [AccountStore] = []
        for account in accounts { stores.append(try await directory.create(account)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, store) in stores.enumerated() {
                group.addTask {
                    _ = try await store.deliver(message("to \(index)"))
                    let open = await directory.openFiles
                    #expect(open <= 8)
                }
            }
            try await group.waitForAll()
        }
        for (index, store) in stores.enumerated() where index % 10 == 0 {
            let inbox = try await store.select(.inbox)
            #expect(inbox.exists == 1)
            #expect(try await store.bytes(1, in: inbox.id) == message("to \(index)"))
        }
        #expect(await directory.openFiles <= 8)
        await directory.close()
        #expect(await directory.openFiles == 0)
        // No logs and indexes stay behind: of thousands of accounts they would fill a disk.
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.root + "/many")
        #expect(names.count == 200 && names.allSatisfy { $0.hasSuffix(".db") })
    }
}
