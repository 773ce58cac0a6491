// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import MailStore
import SealedSQLite
import TestSupport
import Testing

@testable import Filing

@Suite(.timeLimit(.minutes(5))) struct ArrivalFilingTests {
    @Test func aLoginFindsWhatArrivedBefore() async throws {
        let world = try await FilingWorld()
        try await world.withServices {
            for number in 0..<5 { try await world.deliver("\(number)") }
            await #expect(throws: StoreError.keyUnavailable) { try await world.count() }
            let hold = try await world.logIn()
            await world.filing.attend(world.id)
            #expect(try await world.count() == 5)
            hold.release()
        }
    }

    @Test func whatArrivesDuringASessionIsAnnouncedOnceItIsFiled() async throws {
        let world = try await FilingWorld()
        try await world.withServices {
            let hold = try await world.logIn()
            await world.filing.attend(world.id)
            try await world.deliver("now")
            world.announce()
            for await _ in world.announced.stream { break }
            #expect(try await world.count() == 1)
            hold.release()
        }
    }

    /// As when `unprotect` is killed before it has filed anything.
    @Test func whatIsLeftOfAnAccountThatOthersMayOpenAgainIsFiled() async throws {
        let world = try await FilingWorld()
        try await world.deliver("before")
        try await world.directory.endZeroAccess(
            of: FilingWorld.anna, password: SecretBytes("correct horse".utf8), by: "test")
        #expect(try await world.count() == 0)
        try await world.withServices {
            for await _ in world.announced.stream { break }
            let (count, left) = (try await world.count(), try await world.directory.accountsWithLeftArrivals())
            #expect(count == 1 && left == [])
        }
    }

    @Test func theFileIsClosedWithTheLastHold() async throws {
        let world = try await FilingWorld()
        try await world.withServices {
            let holds = [try await world.logIn(), try await world.logIn()]
            await world.filing.attend(world.id)
            #expect(try await world.count() == 0)
            holds[0].release()
            #expect(try await world.count() == 0)
            let inbox = try await world.accounts.store(for: world.id).mailbox(named: .inbox)
            _ = try await world.accounts.store(for: world.id).append(Array("Subject: sent\r\n\r\n".utf8), to: inbox)
            holds[1].release()
            while await world.accounts.openFiles > 0 { await Task.yield() }
            await #expect(throws: StoreError.keyUnavailable) { try await world.count() }
            // Who cannot look knows what it held last.
            let state = try await #require(world.inbound.arrivals(of: world.id)).state()
            #expect(state.use.messages == 1 && state.use.messageBytes == 17)
            // And the next login finds everything.
            let hold = try await world.logIn()
            await world.filing.attend(world.id)
            #expect(try await world.count() == 1)
            hold.release()
        }
    }

    enum Damage: CaseIterable { case none, aWrongFigure, aFlippedBit }

    /// What a check could not see without the key is told after the next login, without names that the owner gave.
    @Test(arguments: Damage.allCases) func aCheckThatIsWishedIsMadeAtTheNextLogin(damage: Damage) async throws {
        let world = try await FilingWorld()
        try await world.withServices {
            let first = try await world.logIn()
            await world.filing.attend(world.id)
            let store = try await world.accounts.store(for: world.id)
            let secret = try await store.create(MailboxName("Project Zwetschge"))
            let noise = (0..<1_000_000).map { _ in UInt8.random(in: 48...122) }
            _ = try await store.append(Array("Subject: one\r\n\r\n".utf8) + noise, to: secret)
            let file = try world.directory.fileKey(of: world.id)
            first.release()
            while await world.accounts.openFiles > 0 { await Task.yield() }
            let path = file.file.path(in: world.folder.path + "/accounts")
            try self.damage(damage, path, file.key)

            let closed = try AccountFile.checkClosed(path: path)
            #expect(closed.findings == [] && closed.bytes > noise.count / 2)
            let arrivals = try #require(try await world.inbound.arrivals(of: world.id))
            try await arrivals.wishOwnerCheck()
            let hold = try await world.logIn()
            await world.filing.attend(world.id)
            while try await arrivals.ownerCheck().wished != nil { await Task.yield() }
            let check = try await arrivals.ownerCheck()
            #expect(check.done != nil)
            switch damage {
            case .none: #expect(check.findings == [])
            case .aWrongFigure:
                #expect(check.findings == ["the figures of STATUS are not those of the messages in mailbox …"])
            case .aFlippedBit:
                #expect(!check.findings.isEmpty)
                #expect(!check.findings.contains { $0.contains("Zwetschge") })
            }
            hold.release()
        }
    }

    private func damage(_ damage: Damage, _ path: String, _ key: SealedKey) throws {
        switch damage {
        case .none: break
        case .aWrongFigure:
            let queue = try SealedDatabase.openQueue(path: path, key: key, migrations: AccountFile.migrations)
            try queue.write { try $0.execute(sql: "UPDATE mailboxes SET unseen = 7 WHERE name LIKE 'Project%'") }
            try queue.close()
        case .aFlippedBit:
            // The middle of the file is of the one large message.
            let handle = try #require(FileHandle(forUpdatingAtPath: path))
            let middle = try handle.seekToEnd() / 2
            try handle.seek(toOffset: middle)
            let byte = try #require(try handle.read(upToCount: 1)?.first)
            try handle.seek(toOffset: middle)
            try handle.write(contentsOf: Data([byte ^ 1]))
            try handle.close()
        }
    }

    @Test func nobodyWaitsForAServiceThatStopped() async throws {
        let world = try await FilingWorld()
        let running = Task { try await world.filing.run() }
        running.cancel()
        try await running.value
        let hold = try await world.logIn()
        await world.filing.attend(world.id)
        hold.release()
    }
}
