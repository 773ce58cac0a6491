// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite
import Synchronization
import TestSupport

@testable import OutgoingQueue

/// A spool in a folder of its own, with a clock that is set by hand.
final class World: Sendable {
    private let folder: TemporaryFolder
    private let key = SealedKey.random()
    private let clock = HandClock()
    let queue: OutgoingQueue

    init() throws {
        folder = try TemporaryFolder()
        let path = folder.file("spool.db")
        try SealedDatabase.create(path: path, key: key, migrations: OutgoingQueue.migrations)
        queue = OutgoingQueue(
            database: try SealedPool(path: path, key: key, migrations: OutgoingQueue.migrations),
            now: { [clock] in clock.now }, wake: { [clock] kind in clock.woken.withLock { $0.append(kind) } })
    }

    /// The same file, as another process would open it.
    func another() throws -> OutgoingQueue {
        OutgoingQueue(
            database: try SealedPool(
                path: folder.file("spool.db"), key: key, migrations: OutgoingQueue.migrations),
            now: { [clock] in clock.now })
    }

    func pass(_ time: Int) { clock.seconds.withLock { $0 += Double(time) } }
    var wakeUps: [DeliveryKind] { clock.woken.withLock { $0 } }

    static func message(
        _ text: String = "Subject: x\r\n\r\ntext\r\n", from: String = "anna@example.org",
        to recipients: [String] = ["bob@example.net"]
    ) -> NewMessage {
        NewMessage(
            reversePath: from,
            recipients: recipients.map {
                NewDelivery(recipient: $0, route: .remote(domain: String($0.split(separator: "@")[1])))
            }, content: Array(text.utf8))
    }
}

extension AttemptResult {
    static let done = AttemptResult(.delivered, host: "mx", status: "2.0.0", reply: "ok")
    static let later = AttemptResult(.deferred, host: "mx", status: "4.2.0", reply: "later")
    static let never = AttemptResult(.failed, host: "mx", status: "5.1.1", reply: "no")
}

/// The time, and who was woken.
private final class HandClock: Sendable {
    let seconds = Mutex(1_000_000.0)
    let woken = Mutex<[DeliveryKind]>([])
    var now: Date { Date(timeIntervalSince1970: seconds.withLock { $0 }) }
}
