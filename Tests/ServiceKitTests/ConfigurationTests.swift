// SPDX-License-Identifier: Apache-2.0
import Configuration
import Foundation
import TestSupport
import Testing

@testable import ServiceKit

@Suite struct ConfigurationTests {
    static func read(_ values: [String: String]) -> (ServiceConfiguration, [String]) {
        let provider = InMemoryProvider(
            values: Dictionary(
                uniqueKeysWithValues: values.map {
                    (
                        AbsoluteConfigKey($0.key.split(separator: ".").map(String.init)),
                        ConfigValue(.string($0.value), isSecret: false)
                    )
                }))
        var reader = SettingReader(ConfigReader(provider: provider))
        let configuration = ServiceConfiguration(&reader)
        return (configuration, reader.mistakes)
    }

    @Test func whatIsNeededIsEnough() throws {
        let folder = try TemporaryFolder()
        let (configuration, mistakes) = Self.read([
            "data": folder.path, "keys": folder.path, "hostname": "mx.example.org",
        ])
        #expect(mistakes == [])
        #expect(
            configuration.redisHost == nil && configuration.redisPort == 6_379
                && configuration.bind == ["0.0.0.0", "::"])
    }

    @Test func everyMistakeIsToldAtOnce() throws {
        let folder = try TemporaryFolder()
        let (_, mistakes) = Self.read([
            "data": folder.path, "keys": folder.file("none"), "redis.port": "70000",
            "trusted.proxies": "10.0.0.0/8, nonsense",
            "tls.certificate": "/c.pem", "redis.password.file": folder.file("absent"), "log.level": "loud",
        ])
        let all = mistakes.joined(separator: "\n")
        for word in [
            "HOSTNAME", "KEYS", "REDIS_PORT", "TRUSTED_PROXIES", "TLS_CERTIFICATE", "REDIS_PASSWORD_FILE", "LOG_LEVEL",
        ] {
            #expect(all.contains("MAILKEEP_" + word), "\(word) in \(all)")
        }
        #expect(mistakes.count == 7)
    }

    @Test func aPasswordIsReadFromItsFileWithoutItsLineEnd() throws {
        let folder = try TemporaryFolder()
        try "s3cret-word\n".write(toFile: folder.file("password"), atomically: true, encoding: .utf8)
        let (configuration, mistakes) = Self.read([
            "data": folder.path, "keys": folder.path, "hostname": "mx", "redis.password.file": folder.file("password"),
            "log.level": "s3cret",
        ])
        #expect(configuration.redisPassword == "s3cret-word")
        #expect(mistakes.count == 1 && !mistakes[0].contains("s3cret-word"))
    }
}

@Suite struct AddressRangesTests {
    @Test func networks() throws {
        var ranges = AddressRanges()
        for text in ["10.1.0.0/16", "192.0.2.9", "2001:db8::/32"] {
            let isTaken = ranges.insert(text)
            #expect(isTaken, "\(text)")
        }
        for text in ["", "10.0.0.0/33", "10.0.0/8", "x", "::/129", "10.0.0.0/"] {
            let isTaken = ranges.insert(text)
            #expect(!isTaken, "\(text)")
        }
        let contained = { (text: String) in IPAddress(text).map { ranges.contains($0) } }
        for text in ["10.1.255.1", "192.0.2.9", "2001:db8:ffff::1", "::ffff:10.1.2.3"] {
            #expect(contained(text) == true, "\(text)")
        }
        for text in ["10.2.0.1", "192.0.2.8", "2001:db9::1", "::1"] { #expect(contained(text) == false, "\(text)") }
    }
}
