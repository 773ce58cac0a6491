// SPDX-License-Identifier: Apache-2.0

/// The pages behind the door; each file of this folder has those of one subject.
struct AdminPages: Sendable {
    let backend: AdminBackend
    let settings: AdminSettings
}
