// SPDX-License-Identifier: Apache-2.0
import MailStore

/// Why an operation of `CalendarStore` failed. It then changed nothing.
package enum CollectionError: Error, Equatable, Sendable {
    case noSuchCollection
    case collectionExists
    case noSuchObject
    /// What is copied or moved has no collection to go to.
    case noTargetCollection
    /// HTTP 412
    case preconditionFailed
    /// Another object of the collection has that UID. Its name.
    case uidConflict(String)
    /// The calendar does not take objects of that kind.
    case unsupportedComponent
    /// The token is of another collection, of a state that never was, or older than what is remembered.
    case invalidSyncToken
    /// A name that is empty or too long.
    case invalidName
    case tooLarge(limit: Int)
    /// A bound of `CollectionLimits` was met.
    case limit
    case store(StoreError)
}
