// SPDX-License-Identifier: Apache-2.0

/// A store under test, which holds messages 0…n − 1 of `Messages` as UIDs 1…n of its inbox.
protocol Subject {
    /// Messages numbered from `first` on, by so many writers at once; each is on disk before its writer goes on.
    func deliver(_ messages: [[UInt8]], from first: Int, writers: Int) async throws
    /// Puts what was delivered into the search index, as far as that was left for later.
    func index() async throws
    /// Headers of `uids`, 100 a step.
    func headers(_ uids: ClosedRange<Int>) async throws
    /// One whole message each.
    func bodies(_ uids: [Int]) async throws
    /// Seen, one message a step, on disk after each.
    func flags(_ uids: [Int]) async throws
    /// How many messages hold the word, each word a step.
    func search(_ words: [String]) async throws -> Int
    /// Ten a step into the archive.
    func copy(_ uids: ClosedRange<Int>) async throws
    /// Ten a step: the first that the archive still holds.
    func expunge(_ count: Int) async throws
    /// Closes and opens anew, until the inbox' messages can be named.
    func open() async throws -> Int
}

extension ClosedRange<Int> {
    /// The range in steps of at most `count`.
    func steps(of count: Int) -> [ClosedRange<Int>] {
        stride(from: lowerBound, through: upperBound, by: count).map { $0...Swift.min($0 + count - 1, upperBound) }
    }
}
