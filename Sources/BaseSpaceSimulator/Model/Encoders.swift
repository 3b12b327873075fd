/// The JSON forms of the entities: compact in lists and inside other entities, full on their own. The order and the sets
/// of keys are the recorded ones.
extension Model {
    func dates(_ date: ServiceDate) -> JSON { .string(date.iso8601) }

    func text(_ id: Int64) -> JSON { .string(String(id)) }

    // MARK: Users

    /// A user inside another entity: its date is the service's "no date".
    func compactUser() -> JSON {
        [
            "Id": text(user.id), "Href": .string("v1pre3/users/\(user.id)"), "Name": .string(user.name),
            "DateCreated": dates(.none), "GravatarUrl": "https://secure.gravatar.com/avatar/0?s=20",
        ]
    }

    func fullUser() -> JSON {
        let href = "v1pre3/users/\(user.id)"
        return [
            "Email": .string(user.email), "DateLastActive": dates(user.created),
            "HrefRuns": .string("\(href)/runs"), "HrefProjects": .string("\(href)/projects"),
            "HrefHistory": .string("\(href)/history"), "Roles": ["BasicUser"],
            "Id": text(user.id), "Href": .string(href), "Name": .string(user.name), "DateCreated": dates(user.created),
            "GravatarUrl": "https://secure.gravatar.com/avatar/0?s=20",
        ]
    }

    // MARK: Projects

    func compact(_ project: Project) -> JSON {
        [
            "Id": text(project.id), "UserOwnedBy": compactUser(), "Href": .string("v1pre3/projects/\(project.id)"),
            "Name": .string(project.name), "Description": .string(project.description),
            "DateCreated": dates(project.created), "DateModified": dates(project.modified), "HasCollaborators": false,
            "TotalSize": .integer(size(of: project)),
        ]
    }

    func full(_ project: Project) -> JSON {
        let href = "v1pre3/projects/\(project.id)"
        let slug = project.name.slug
        let head: JSON = [
            "HrefSamples": .string("\(href)/samples"), "HrefAppResults": .string("\(href)/appresults"),
            "HrefBaseSpaceUI": .string("https://basespace.example/project/\(project.id)/\(slug)"),
            "Properties": propertyContainer(of: EntityID(.projects, project.id)),
        ]
        return head.appending(compact(project).members)
    }
}
