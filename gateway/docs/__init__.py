"""The docs page: Swagger UI from its package, with files of ours around it, for any OpenAPI documents.

It needs no network: the files of the viewer come with `flask-swagger-ui`, a package that follows Swagger UI release by
release and holds its official build. Of the package its files alone are read: nothing of it is imported, nor Flask.
"""
