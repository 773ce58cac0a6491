// SPDX-License-Identifier: Apache-2.0

/// Every name that Mailkeep uses in Redis. Nothing there is needed to keep mail: all of it may vanish at any time.
package enum RedisKeys {
    private static let prefix = "mailkeep:"

    /// Channel, pub/sub: something in this account changed. The payload is empty.
    package static func account(_ id: String) -> String { prefix + "account:" + id }
    /// Pattern of all `account` channels.
    package static let allAccounts = prefix + "account:*"
    /// The account of an `account` channel.
    static func account(ofChannel channel: String) -> String? {
        let start = prefix + "account:"
        return channel.hasPrefix(start) ? String(channel.dropFirst(start.count)) : nil
    }

    /// Stream: deliveries of this kind became due. Read by the consumer group `workers`.
    package static func work(_ kind: String) -> String { prefix + "work:" + kind }
    package static let workers = "workers"

    /// Stream: what is asked of the one service of this name. Read by that service alone.
    package static func requests(_ service: String) -> String { prefix + "requests:" + service }
    /// String with expiry: what the one service of this name tells about itself.
    package static func status(_ service: String) -> String { prefix + "status:" + service }

    /// Counter with expiry: by its name and a keyed hash of who is counted.
    static func counter(_ name: String, _ hash: String) -> String { prefix + "count:" + name + ":" + hash }
}
