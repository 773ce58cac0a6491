// SPDX-License-Identifier: Apache-2.0

/// One named question of readiness.
package struct ReadinessCheck: Sendable {
    package let name: String
    /// Whether the service cannot serve without it. Redis is none: without it a service goes on and says so.
    package let isNeeded: Bool
    /// `nil` when all is well, else what is wrong in a few words.
    package let problem: @Sendable () async -> String?

    package init(_ name: String, isNeeded: Bool = true, problem: @escaping @Sendable () async -> String?) {
        self.name = name
        self.isNeeded = isNeeded
        self.problem = problem
    }

    /// For something that throws when it is not well.
    package init(_ name: String, isNeeded: Bool = true, attempt: @escaping @Sendable () async throws -> Void) {
        self.init(name, isNeeded: isNeeded) {
            do {
                try await attempt()
                return nil
            } catch {
                return "\(error)"
            }
        }
    }
}

/// What `/health/ready` answers.
struct Readiness {
    let isReady: Bool
    let body: String

    static func ask(_ checks: [ReadinessCheck]) async -> Readiness {
        var isReady = true
        var fields: [String] = []
        for check in checks {
            let problem = await check.problem()
            if problem != nil, check.isNeeded { isReady = false }
            fields.append("\(JSONLogHandler.quote(check.name)):\(JSONLogHandler.quote(problem ?? "ok"))")
        }
        return Readiness(
            isReady: isReady, body: "{\"ready\":\(isReady),\"checks\":{\(fields.joined(separator: ","))}}\n")
    }
}
