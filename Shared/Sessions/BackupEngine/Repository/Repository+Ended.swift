// SPDX-License-Identifier: Apache-2.0
import BackupJobs
import Foundation

/// What jobs came to, for whoever starts next.
extension Repository {
    private static let ended = "ended"

    func endedJobs() throws -> [EndedJob] {
        guard let bytes = try? openSmall(Self.ended) else { return [] }
        return (try? JSONDecoder().decode([EndedJob].self, from: Data(bytes))) ?? []
    }

    func keep(_ jobs: [EndedJob]) throws {
        try writeSmall(Self.ended, [UInt8](JSONEncoder().encode(jobs)))
    }
}
