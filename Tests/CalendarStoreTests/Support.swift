// SPDX-License-Identifier: Apache-2.0
import Accounts
import CalendarStore
import MailStore
import SealedSQLite
import TestSupport

/// One account's calendars and address books, in a folder of their own.
final class Fixture: Sendable {
    private let folder: TemporaryFolder
    let account: AccountStore
    let store: CalendarStore

    init(limits: CollectionLimits = CollectionLimits(), quota: Int? = nil) async throws {
        folder = try TemporaryFolder()
        let key = SealedKey.random()
        account = try await AccountDirectory(
            root: folder.path, quota: { _ in quota }, keys: { AccountFileKey($0, key) }
        )
        .create(AccountID.random())
        store = CalendarStore(account, limits: limits)
        _ = try await store.collections(.calendar)
        _ = try await store.collections(.addressBook)
    }

    @discardableResult
    func put(_ name: String, _ text: String = "text", _ precondition: Precondition = .none, uid: String? = nil)
        async throws(CollectionError) -> String
    {
        try await store.put(.calendar, "calendar", event(name, text, uid: uid), precondition).etag
    }

    func changes(since: SyncToken?, limit: Int = 1_000) async throws(CollectionError) -> CollectionChanges {
        try await store.changes(.calendar, "calendar", since: since, limit: limit)
    }

    var token: SyncToken {
        get async throws { try await store.collection(.calendar, "calendar").syncToken }
    }
}

func event(
    _ name: String, _ text: String = "text", uid: String? = nil, component: String = "VEVENT", start: Int64? = 0,
    end: Int64? = 10
) -> NewObject {
    NewObject(
        name: name, uid: uid ?? name, data: Array(text.utf8),
        index: .calendar(component: component, start: start, end: end))
}
