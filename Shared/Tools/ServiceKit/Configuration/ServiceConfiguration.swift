// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging

/// What every service of ours is told. Arguments go over environment over the file that `--config` names.
package struct ServiceConfiguration: Sendable {
    /// Folder of the live store.
    package var data: String
    /// Folder with the purpose keys that this service may know.
    package var keys: String
    package var hostname: String
    /// Addresses that every listener binds.
    package var bind: [String]
    package var certificate: String?
    package var certificateKey: String?
    package var trustedProxies: AddressRanges
    package var redisHost: String?
    package var redisPort: Int
    package var redisPassword: String?
    /// `address@port` of a resolver to ask; `nil`: ask the world's name servers ourselves.
    package var dnsForward: String?
    package var dnsAnchorFile: String
    package var healthPort: Int?
    package var logLevel: Logger.Level

    package enum Key {
        package static let data = Setting("data", "the folder of the live store")
        package static let keys = Setting("keys", "the folder with this service's purpose keys")
        package static let hostname = Setting("hostname", "this mail server's host name, as in mail.example.org")
        package static let bind = Setting("bind", "addresses to listen on, with commas", fallback: "0.0.0.0,::")
        package static let certificate = Setting(
            "tls.certificate", "PEM file with the certificate and its chain", fallback: "none: no TLS")
        package static let certificateKey = Setting("tls.key", "PEM file with the certificate's key", fallback: "none")
        package static let trustedProxies = Setting(
            "trusted.proxies", "addresses or networks whose connections begin with PROXY v2, with commas",
            fallback: "none")
        package static let redisHost = Setting("redis.host", "host of Redis", fallback: "none: without Redis")
        package static let redisPort = Setting("redis.port", "port of Redis", fallback: "6379")
        package static let redisPassword = Setting(
            "redis.password.file", "file with Redis's password", fallback: "none")
        package static let dnsForward = Setting(
            "dns.forward", "resolver to ask, as in 127.0.0.1@53", fallback: "none: ask the root")
        package static let dnsAnchor = Setting(
            "dns.anchor.file", "DNSSEC trust anchor", fallback: "/usr/share/dns/root.key")
        package static let health = Setting(
            "health.port", "port for /health/live, /health/ready, /metrics", fallback: "off")
        package static let logLevel = Setting(
            "log.level", "trace, debug, info, notice, warning, error", fallback: "info")

        package static let all = [
            data, keys, hostname, bind, certificate, certificateKey, trustedProxies, redisHost, redisPort,
            redisPassword,
            dnsForward, dnsAnchor, health, logLevel,
        ]
    }

    package init(_ reader: inout SettingReader) {
        data = reader.needed(Key.data)
        keys = reader.needed(Key.keys)
        hostname = reader.needed(Key.hostname)
        bind = (reader.text(Key.bind) ?? "0.0.0.0,::").split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        certificate = reader.text(Key.certificate)
        certificateKey = reader.text(Key.certificateKey)
        if (certificate == nil) != (certificateKey == nil) {
            reader.wrong(Key.certificate, "a certificate needs its key, and a key its certificate")
        }
        trustedProxies = AddressRanges()
        for text in (reader.text(Key.trustedProxies) ?? "").split(separator: ",") {
            if !trustedProxies.insert(text.trimmingCharacters(in: .whitespaces)) {
                reader.wrong(Key.trustedProxies, "'\(text)' is no address and no network such as 10.0.0.0/24")
            }
        }
        redisHost = reader.text(Key.redisHost)
        redisPort = reader.port(Key.redisPort) ?? 6_379
        if let file = reader.text(Key.redisPassword) {
            redisPassword = (try? String(contentsOfFile: file, encoding: .utf8))?.trimmingCharacters(
                in: .whitespacesAndNewlines)
            if redisPassword == nil { reader.wrong(Key.redisPassword, "the file \(file) cannot be read") }
        }
        dnsForward = reader.text(Key.dnsForward)
        dnsAnchorFile = reader.text(Key.dnsAnchor) ?? "/usr/share/dns/root.key"
        healthPort = reader.port(Key.health)
        let level = reader.text(Key.logLevel) ?? "info"
        logLevel = Logger.Level(rawValue: level) ?? .info
        if Logger.Level(rawValue: level) == nil { reader.wrong(Key.logLevel, "'\(level)' is no level") }
        for folder in [data, keys] where !folder.isEmpty {
            var isFolder: ObjCBool = false
            if !FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) || !isFolder.boolValue {
                reader.wrong(
                    folder == data ? Key.data : Key.keys, "there is no folder \(folder); `mailkeep init` makes it")
            }
        }
    }
}
