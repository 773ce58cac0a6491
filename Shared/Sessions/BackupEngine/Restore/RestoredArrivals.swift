// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import MailStore
import SealedSQLite

/// The file with mail that waits sealed for an account, out of a backup.
enum RestoredArrivals {
    /// Rebuilds it in a folder and reads every page. Returns how many messages wait in it. Throws `BackupError.damaged` when
    /// the backup has none that can be read.
    static func rebuild(
        _ place: ArrivalsPlace, _ source: RestoreSource, in folder: String, _ tell: (Int) throws -> Void
    ) async throws -> Int {
        guard let file = source.manifest.file("accounts/\(place.file)\(ArrivalsFile.suffix)") else {
            throw BackupError.damaged("its sealed arrivals: they are not in the backup; the file")
        }
        try source.rebuild(file, to: ArrivalsFile.path(of: place.file, in: folder), key: place.key, tell)
        return try await withFiles(of: place, in: folder) { files in
            guard let arrivals = try await files.arrivals(of: place.account) else { return 0 }
            let problems = try await arrivals.integrityProblems()
            guard problems.isEmpty else { throw BackupError.damaged("its sealed arrivals: \(problems[0])") }
            try await arrivals.tryRefusedAgain()
            return try await arrivals.state().waiting
        }
    }

    /// In the place of what cannot be had, so that mail can come in.
    static func makeEmpty(_ place: ArrivalsPlace, in folder: String) async throws {
        try await withFiles(of: place, in: folder) { files in
            try await files.removeArrivals(place)
            try await files.createArrivals(place)
            files.useArrivals(place.file)
        }
    }

    private static func withFiles<T: Sendable>(
        of place: ArrivalsPlace, in folder: String, _ body: (AccountDirectory) async throws -> T
    ) async throws -> T {
        try await AccountDirectory(
            root: folder, limit: 1, arrivals: { _ in place }, keys: { _ in throw StoreError.keyUnavailable }
        ).closing(after: body)
    }
}
