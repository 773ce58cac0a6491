// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import SealedSQLite

/// Files of sealed arrivals.
extension AccountDirectory {
    /// Where mail for a zero-access account goes; nil: into the account's own file.
    package func arrivals(of account: AccountID) async throws(StoreError) -> Arrivals? {
        do {
            return try await places(account).map { Arrivals(place: $0, directory: self) }
        } catch let error as StoreError { throw error } catch {
            throw .unavailable("where the account's mail goes cannot be read: \(type(of: error))")
        }
    }

    /// Closes the file of a zero-access account whose key is to leave this process, when its operations are done. What the
    /// account holds is noted before, for those who cannot look.
    package func close(_ account: AccountID) async {
        if let arrivals = try? await arrivals(of: account) {
            // Fails when the file is closed already: nobody has its key.
            try? await AccountStore(account: account, directory: self).noteUse(in: arrivals)
        }
        try? await files.withClosed(account) {}
    }

    /// Makes the file of arrivals of an account that becomes a zero-access one, with a mark beside it that `useArrivals` takes
    /// away. Throws `.accountExists` when it is there.
    package func createArrivals(_ place: ArrivalsPlace) async throws(StoreError) {
        let (path, mark) = (arrivalsPath(place.file), unusedMark(place.file))
        try await arrivalFiles.withClosed(place.account) {
            let descriptor = Foundation.open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0o660)
            guard descriptor >= 0 else {
                throw StoreError.unavailable("write \(mark): \(String(cString: strerror(errno)))")
            }
            Foundation.close(descriptor)
            try SealedDatabase.create(path: path, key: place.key, migrations: ArrivalsFile.migrations)
        }
    }

    /// Once mail goes into the file: from here on it is no leaving of a program that was killed.
    package func useArrivals(_ file: AccountFileName) { unlink(unusedMark(file)) }

    private func unusedMark(_ file: AccountFileName) -> String { "\(root)/\(file).\(ArrivalsFile.unusedMark)" }

    /// Closes and deletes a file of arrivals, with what waits in it. One that is not there is no error.
    package func removeArrivals(_ place: ArrivalsPlace) async throws(StoreError) {
        let path = arrivalsPath(place.file)
        try await arrivalFiles.withClosed(place.account) { try AccountFile.remove(path: path) }
        useArrivals(place.file)
    }

    /// Runs `body` with an open file of arrivals.
    func withArrivals<T: Sendable>(
        _ place: ArrivalsPlace, _ body: @Sendable (OpenFile) async throws -> T
    ) async throws(StoreError) -> T {
        let path = arrivalsPath(place.file)
        let file: OpenFile
        do {
            file = try await arrivalFiles.lease(place.account) { try ArrivalsFile.open(path: path, key: place.key) }
        } catch .noSuchAccount {
            // The account is there, and mail for it waits: until the file is back, or until it is known where it goes now.
            throw .moved
        }
        let result: Result<T, StoreError>
        do { result = .success(try await body(file)) } catch { result = .failure(StoreError(error)) }
        await arrivalFiles.release(place.account, isSuspect: result.isSuspect)
        return try result.get()
    }

    func arrivalsPath(_ file: AccountFileName) -> String { ArrivalsFile.path(of: file, in: root) }
}
