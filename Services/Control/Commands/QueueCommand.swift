// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import OutgoingQueue

struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Mail that is on its way: one line for each recipient.",
        subcommands: [List.self, Show.self, Retry.self, Hold.self, Remove.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists what waits, oldest first.", discussion: "EXAMPLE\n  mailkeep queue list --json")

        @OptionGroup var store: StoreOptions
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let deliveries = try await store.queue().list()
            if json { return try JSONOption.print(deliveries) }
            Table(
                head: ["ID", "KIND", "SENDER", "RECIPIENT", "BYTES", "ARRIVED", "TRIES", "STATE"],
                rows: deliveries.map {
                    [
                        String($0.id), $0.kind, $0.sender.isEmpty ? "<>" : $0.sender, $0.recipient, String($0.size),
                        timestamp($0.arrived), String($0.attempts), state($0),
                    ]
                }
            ).print()
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tells the story of one delivery.", discussion: "EXAMPLE\n  mailkeep queue show 17")

        @OptionGroup var store: StoreOptions
        @Argument var id: Int64
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            guard let delivery = try await store.queue().show(id) else {
                throw Failure("\(id) is not in the queue (any more); see: mailkeep queue list")
            }
            if json { return try JSONOption.print(delivery) }
            print("delivery   \(delivery.id) (\(delivery.kind)), message \(delivery.message), \(delivery.size) bytes")
            print("sender     \(delivery.sender.isEmpty ? "<>" : delivery.sender)")
            print("recipient  \(delivery.recipient)")
            print("arrived    \(timestamp(delivery.arrived))")
            print("state      \(state(delivery))")
            for attempt in delivery.story {
                print("tried      \(timestamp(attempt.at))  \(attempt.host)  \(attempt.status)  \(attempt.reply)")
            }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Has deliveries tried again, within a minute; ends a hold.",
            discussion: "EXAMPLE\n  mailkeep queue retry 17 18\n  mailkeep queue retry --all")

        @OptionGroup var store: StoreOptions
        @Argument var ids: [Int64] = []
        @Flag(help: "All deliveries.") var all = false

        func validate() throws {
            if all == !ids.isEmpty { throw ValidationError("Give either ids or --all.") }
        }

        func run() async throws {
            try await tell(store.queue().retry(all ? nil : ids), "will be tried", of: all ? nil : ids)
        }
    }

    struct Hold: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keeps deliveries back until `retry`.", discussion: "EXAMPLE\n  mailkeep queue hold 17")

        @OptionGroup var store: StoreOptions
        @Argument var ids: [Int64]

        func run() async throws { try await tell(store.queue().hold(ids), "held", of: ids) }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes deliveries; the sender is not told.", discussion: "EXAMPLE\n  mailkeep queue remove 17")

        @OptionGroup var store: StoreOptions
        @Argument var ids: [Int64]

        func run() async throws { try await tell(store.queue().remove(ids), "removed", of: ids) }
    }
}

private func state(_ delivery: QueuedDelivery) -> String {
    delivery.inDelivery ? "in delivery" : delivery.held ? "held" : "due \(timestamp(delivery.due))"
}

/// Fails when not all of the named were there.
private func tell(_ count: Int, _ what: String, of ids: [Int64]?) throws {
    print("\(count) \(count == 1 ? "delivery" : "deliveries") \(what).")
    if let ids, count < Set(ids).count {
        throw Failure("\(Set(ids).count - count) of them not in the queue (any more); see: mailkeep queue list")
    }
}
