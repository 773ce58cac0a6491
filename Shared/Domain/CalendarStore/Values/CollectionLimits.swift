// SPDX-License-Identifier: Apache-2.0

/// Bounds of one account's calendars and address books.
package struct CollectionLimits: Sendable {
    /// Of each kind.
    package var collections = 250
    /// In one collection.
    package var objects = 50_000
    /// Bytes of one object: cards carry photos.
    package var objectBytes = 10 * 1024 * 1024
    /// Bytes of all properties of a collection that have no meaning for us.
    package var otherPropertyBytes = 64 * 1024
    /// UTF-8 bytes of a name, and of a UID.
    package var nameBytes = 255
    package var uidBytes = 1_000
    /// Objects that were removed and are still told by `changes`, in one collection; the oldest are forgotten, and
    /// tokens from before are invalid.
    package var rememberedRemovals = 100_000

    package init() {}
}
