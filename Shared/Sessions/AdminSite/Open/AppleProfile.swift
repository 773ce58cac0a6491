// SPDX-License-Identifier: Apache-2.0
import Accounts
import Crypto
import Foundation
import SealedSQLite

/// What `appleProfile.mustache` says: mail, calendars and contacts of one account for iPhone, iPad and Mac. It holds no
/// password; the device asks for it.
struct AppleProfile {
    let address: String
    let name: String
    let host: String
    let ports: ClientPorts
    /// Of the account, as DAV names it; percent-encoded (RFC 3986 section 2.1).
    let principalURL: String
    /// Of the profile and its four parts. The same for an account each time, so that a new profile replaces the old one.
    let identifiers: [String: String]

    init(account: AccountRecord, settings: AdminSettings) {
        address = account.address
        name = account.displayName.isEmpty ? account.address : account.displayName
        (host, ports) = (settings.hostname, settings.ports)
        let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~@")
        principalURL =
            settings.davURL + "dav/principals/" + (address.addingPercentEncoding(withAllowedCharacters: plain) ?? "")
            + "/"
        identifiers = ["profile", "mail", "calendars", "contacts"].reduce(into: [:]) {
            $0[$1] = Self.identifier("\(settings.hostname)/\(account.id)/\($1)")
        }
    }

    /// A UUID of version 8 (RFC 9562 section 5.8) out of a hash of the name.
    private static func identifier(_ name: String) -> String {
        var bytes = Array(SHA256.hash(data: Array("mailkeep/1/profile/\(name)".utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        return [bytes[0..<4], bytes[4..<6], bytes[6..<8], bytes[8..<10], bytes[10..<16]]
            .map { Hex.text($0).uppercased() }.joined(separator: "-")
    }
}
