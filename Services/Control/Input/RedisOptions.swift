// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation

/// Where Redis is: options over environment.
struct RedisOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Redis; otherwise MAILKEEP_REDIS_HOST.", valueName: "host"))
    var redisHost: String?

    @Option(help: ArgumentHelp("Its port; otherwise MAILKEEP_REDIS_PORT, otherwise 6379.", valueName: "port"))
    var redisPort: String?

    @Option(help: ArgumentHelp("Its password; otherwise MAILKEEP_REDIS_PASSWORD_FILE.", valueName: "file"))
    var redisPasswordFile: String?

    /// `nil`: the operator runs without, or did not say.
    var host: String? { redisHost ?? environment("MAILKEEP_REDIS_HOST") }

    func port() throws -> UInt16 {
        let text = redisPort ?? environment("MAILKEEP_REDIS_PORT") ?? "6379"
        guard let port = UInt16(text) else { throw Failure("\(text) is not a port of Redis") }
        return port
    }

    func password() throws -> Data? {
        guard let path = redisPasswordFile ?? environment("MAILKEEP_REDIS_PASSWORD_FILE") else { return nil }
        guard let data = FileManager.default.contents(atPath: path) else { throw Failure("\(path) cannot be read") }
        return data.prefix { $0 != UInt8(ascii: "\n") }
    }
}
