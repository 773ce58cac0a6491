// SPDX-License-Identifier: Apache-2.0
import Accounts
import MailStore
import ServiceLifecycle

/// Closes the file of a zero-access account when the last who logged in to it is gone, so that its key is no longer in this
/// process. One for each process and `Directory`.
package struct AccountClosing: Service {
    private let accounts: AccountDirectory
    private let closed = AsyncStream.makeStream(of: AccountID.self)

    package init(directory: Directory, accounts: AccountDirectory) {
        self.accounts = accounts
        let continuation = closed.continuation
        directory.keyRing.whenClosed { continuation.yield($0) }
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for await account in closed.stream { group.addTask { await accounts.close(account) } }
            }
        }
    }
}
