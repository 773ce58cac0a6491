// SPDX-License-Identifier: Apache-2.0
import Configuration

/// One key of a service's configuration: read from here, and shown by `--help`.
package struct Setting: Sendable {
    /// As in `redis.host`: the argument `--redis-host`, the variable `MAILKEEP_REDIS_HOST`.
    package let key: String
    package let help: String
    /// What holds when it is absent, in words; `nil` when it must be given.
    package let fallback: String?

    package init(_ key: String, _ help: String, fallback: String? = nil) {
        self.key = key
        self.help = help
        self.fallback = fallback
    }

    package var argument: String { "--" + key.replacing(".", with: "-") }
    package var variable: String { "MAILKEEP_" + key.replacing(".", with: "_").uppercased() }
}

/// Reads settings and collects every mistake, so that an operator sees them all at once.
package struct SettingReader: ~Copyable {
    private let reader: ConfigReader
    package private(set) var mistakes: [String] = []

    package init(_ reader: ConfigReader) { self.reader = reader }

    /// An empty value counts as absent.
    package func text(_ setting: Setting) -> String? {
        let value = reader.string(forKey: ConfigKey(setting.key.split(separator: ".").map(String.init)))
        return value.flatMap { $0.isEmpty ? nil : $0 }
    }

    package mutating func needed(_ setting: Setting) -> String {
        if let value = text(setting) { return value }
        mistakes.append("\(setting.variable) (\(setting.argument)) is missing: \(setting.help)")
        return ""
    }

    package mutating func port(_ setting: Setting) -> Int? {
        guard let value = text(setting) else { return nil }
        if let number = Int(value), (1...65_535).contains(number) { return number }
        mistakes.append("\(setting.variable) is \(value): a port is a number from 1 to 65535")
        return nil
    }

    package mutating func flag(_ setting: Setting, or fallback: Bool) -> Bool {
        guard let value = text(setting) else { return fallback }
        switch value.lowercased() {
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0": return false
        default:
            mistakes.append("\(setting.variable) is \(value): write true or false")
            return fallback
        }
    }

    package mutating func wrong(_ setting: Setting, _ why: String) {
        mistakes.append("\(setting.variable) (\(setting.argument)): \(why)")
    }
}
