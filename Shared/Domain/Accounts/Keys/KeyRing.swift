// SPDX-License-Identifier: Apache-2.0
import SealedSQLite
import Synchronization

/// The keys of zero-access accounts that are open in this process: each for as long as somebody who logged in holds it.
package final class KeyRing: Sendable {
    fileprivate struct Name: Hashable, Sendable {
        let account: AccountID
        let file: AccountFileName
    }

    private struct Entry {
        let key: SealedKey
        var holds: Int
    }

    private struct State {
        var entries: [Name: Entry] = [:]
        var whenClosed: (@Sendable (AccountID) -> Void)?
    }

    private let state = Mutex(State())

    init() {}

    /// Accounts that are open now.
    package var accounts: Set<AccountID> { state.withLock { Set($0.entries.keys.map(\.account)) } }

    /// `body` is called when the last hold of an account went, from whatever thread let go of it; it must not wait. Its
    /// open file can be closed then.
    package func whenClosed(_ body: @escaping @Sendable (AccountID) -> Void) {
        state.withLock { $0.whenClosed = body }
    }

    func hold(_ account: AccountID, file: AccountFileName, key: SealedKey) -> KeyHold {
        let name = Name(account: account, file: file)
        state.withLock { $0.entries[name, default: Entry(key: key, holds: 0)].holds += 1 }
        return KeyHold(ring: self, name: name)
    }

    /// One more hold while there is one; `nil` when there is none.
    func hold(_ account: AccountID, file: AccountFileName) -> KeyHold? {
        let name = Name(account: account, file: file)
        let isOpen = state.withLock { state in
            state.entries[name]?.holds += 1
            return state.entries[name] != nil
        }
        return isOpen ? KeyHold(ring: self, name: name) : nil
    }

    func key(of account: AccountID, file: AccountFileName) -> SealedKey? {
        state.withLock { $0.entries[Name(account: account, file: file)]?.key }
    }

    fileprivate func release(_ name: Name) {
        let closed = state.withLock { state -> (@Sendable (AccountID) -> Void)? in
            guard let holds = state.entries[name]?.holds else { return nil }
            state.entries[name]?.holds = holds - 1
            guard holds == 1 else { return nil }
            state.entries[name] = nil
            return state.entries.keys.contains { $0.account == name.account } ? nil : state.whenClosed
        }
        closed?(name.account)
    }
}

/// Keeps a zero-access account open in this process. Let go of with `release()`, or with the last reference.
package final class KeyHold: Sendable {
    package var account: AccountID { name.account }

    private let ring: KeyRing
    private let name: KeyRing.Name
    private let isReleased = Mutex(false)

    fileprivate init(ring: KeyRing, name: KeyRing.Name) { (self.ring, self.name) = (ring, name) }

    deinit { release() }

    /// A second time does nothing.
    package func release() {
        let isFirst = isReleased.withLock { isReleased in
            defer { isReleased = true }
            return !isReleased
        }
        if isFirst { ring.release(name) }
    }
}
