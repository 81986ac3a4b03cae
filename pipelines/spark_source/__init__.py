"""Label Studio as a data source of Spark 4: executors fetch and flatten, each a part of the tasks.

    from pipelines.spark_source.source import LabelStudioSource

    spark.dataSource.register(LabelStudioSource)
    results = spark.read.format("label_studio").options(project="3", table="results").load()

Nothing is imported here, as only `source` needs PySpark.
"""
