"""How far each estimator is from known answers. Modules load where they are used."""
