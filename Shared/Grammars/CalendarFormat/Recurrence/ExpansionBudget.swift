// SPDX-License-Identifier: Apache-2.0

/// How much may be computed for recurrences: a step for each day, start or written date that is looked at. "Every second
/// for a thousand million times" is short to write, and may be written a hundred thousand times.
package struct ExpansionBudget: Sendable {
    package struct Spent: Error {}

    package private(set) var steps: Int

    package init(steps: Int) { self.steps = steps }

    /// For one rule, beside what its days cost.
    static let rule = 20

    /// Whether it was enough.
    mutating func pays(_ count: Int) -> Bool { (try? spend(count)) != nil }

    mutating func spend(_ count: Int) throws(Spent) {
        guard count <= steps else {
            steps = 0
            throw Spent()
        }
        steps -= count
    }
}
