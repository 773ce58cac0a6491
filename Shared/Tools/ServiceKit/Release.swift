// SPDX-License-Identifier: Apache-2.0

/// What every program answers to `--version`. The suite has one version; CHANGELOG.md says what each brought.
package enum Release {
    /// Semantic; `-dev`: not released yet.
    package static let version = "0.1.0-dev"
}
